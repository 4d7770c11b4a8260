// An authorization server that knows every token, in a process of its own, so that only the client's CPU is counted.
import { fork } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Its port, and its process, which answers every message with the number of calls so far. */
export async function openIntrospectionServer() {
  const child = fork(import.meta.filename, ['serve'], { execArgv: [] });
  const [port] = await once(child, 'message');
  return { child, port };
}

async function serve() {
  let calls = 0;
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      calls += 1;
      if (incoming.url === '/hang') return;
      const token = new URLSearchParams(body).get('token') ?? '';
      const answer = {
        active: true,
        iss: 'https://as.example.com',
        sub: `user-${hash('sha1', token).slice(0, 8)}`,
        aud: 'https://api.example.com',
        client_id: 'web-shop',
        scope: 'orders:read orders:write',
        token_type: 'Bearer',
        exp: Math.floor(Date.now() / 1_000) + 3_600,
      };
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => process.send(calls));
  process.on('disconnect', () => process.exit());
  process.send(server.address().port);
}

if (process.argv[1] === import.meta.filename && process.argv[2] === 'serve') await serve();
