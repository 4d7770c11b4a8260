import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpSecurity } from '@sallyport/adapters/http';

const way = process.argv.includes('--without-container') ? './without-container.js' : './with-container.js';
const { securityChain }: typeof import('./with-container.js') = await import(way);
const chain = await securityChain();
await chain.start();

const secure = httpSecurity(chain);
const server = createServer(
  secure((request, response, principal) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, caller: principal.subject }));
  }),
);
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
await once(server, 'listening');
console.log(`Ready: http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
server.closeAllConnections();
server.close();
await chain.close();
console.log('Closed');
