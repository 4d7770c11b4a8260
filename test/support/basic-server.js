// A server behind Basic, for tests that look into its memory. Started with fork(); knows hashes, never passwords.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { writeHeapSnapshot } from 'node:v8';
import { httpSecurity } from '@sallyport/adapters/http';
import { SecurityChain } from '@sallyport/core';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';

const { accounts, hashing } = JSON.parse(process.argv[2]);
const users = new InMemoryUserStore(accounts);
const requirement = new BasicHandler({ realm: 'test', users, hashing });
const secure = httpSecurity(new SecurityChain({ requirement }));
const guarded = secure((_, response) => response.end('granted'));
/** Kept on purpose: shows that what is kept is found. */
const kept = [];

const server = createServer((request, response) => {
  if (request.headers['x-keep'] !== undefined) kept.push(request.headers['x-keep']);
  guarded(request, response);
});
await once(server.listen(0, '127.0.0.1'), 'listening');

process.on('message', (path) => {
  server.closeAllConnections();
  // The handler, its caches and counters live on.
  setImmediate(() => process.send({ path: writeHeapSnapshot(path), kept: kept.length, alive: requirement.name }));
});
process.send(server.address().port);
