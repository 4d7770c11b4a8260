import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { httpSecurity, leaseOf, principalOf, upgradeSecurity } from '@sallyport/adapters/http';
import { optional, requireScopes } from '@sallyport/core';
import { WebSocketServer } from 'ws';
import { Orders } from './orders.js';
import { chain, tokens } from './security.js';

const orders = new Orders();
const secure = httpSecurity(chain);

const list = secure((_request, response) => send(response, 200, orders.all()), requireScopes('orders:read'));
const add = secure(async (request, response, principal) => {
  const order = orders.add(await json(request).catch(() => undefined), principal.subject);
  if (order === undefined) return send(response, 422, { detail: 'An order has an item.' });
  send(response, 201, order);
  for (const watcher of watchers.clients) watcher.send(JSON.stringify(order));
}, requireScopes('orders:write'));
const welcome = secure(
  (_request, response, { subject }) => send(response, 200, { hello: subject || 'guest' }),
  optional(tokens),
);
const elsewhere = secure((_request, response) => send(response, 404, { detail: 'There is nothing at this address.' }));

const server = createServer((request, response: ServerResponse) => {
  const path = request.url?.split('?', 1)[0];
  if (path === '/health') return send(response, 200, { status: 'up' });
  if (path === '/welcome') return welcome(request, response);
  if (path !== '/orders') return elsewhere(request, response);
  return request.method === 'POST' ? add(request, response) : list(request, response);
});

const watchers = new WebSocketServer({ noServer: true });
watchers.on('connection', (watcher, request) => watcher.send(`Hello, ${principalOf(request).subject}`));
const secureUpgrade = upgradeSecurity(chain);
server.on(
  'upgrade',
  secureUpgrade((request, socket, head) => {
    watchers.handleUpgrade(request, socket, head, (watcher) => {
      leaseOf(request, { closes: watcher });
      watchers.emit('connection', watcher, request);
    });
  }, requireScopes('orders:read')),
);

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

await chain.start();
server.listen(Number(process.env['PORT'] ?? 3000));
await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => {
  for (const watcher of watchers.clients) watcher.close(1001);
  server.close(() => void chain.close());
});
