// The server that the conformance suite asks in each scenario for servers: node everything-server.js [gate]
// It prints its address. With `gate`, Sallyport stands in front, and every request has a token.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { completable, createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import express from 'express';
import { registerAskingTools, state } from './asking-tools.js';
import { registerEverything } from './everything-tools.js';
import { openGate } from './gate.js';

const handler = createMcpHandler(() => {
  const listChanged = { listChanged: true };
  const capabilities = { tools: listChanged, prompts: listChanged, resources: { subscribe: true, ...listChanged } };
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    { capabilities: { ...capabilities, completions: {} }, requestState: { verify: state.verify } },
  );
  registerEverything(server, { notify: handler.notify, completable });
  registerAskingTools(server);
  return server;
});
const handle = toNodeHandler(handler);

const server = createServer();
// A connection that is closed just when the next request comes would fail a scenario.
server.keepAliveTimeout = 0;
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = `http://127.0.0.1:${server.address().port}/mcp`;

const app = express();
app.use(localhostHostValidation(), localhostOriginValidation());
if (process.argv[2] === 'gate') {
  const { middleware, token } = await openGate(address);
  app.use(middleware);
  // The suite has no tokens for servers.
  server.on('request', ({ rawHeaders }) => {
    if (!rawHeaders.some((name) => /^authorization$/i.test(name))) rawHeaders.push('Authorization', `Bearer ${token}`);
  });
}
app.all('/mcp', (request, response) => handle(request, response));
server.on('request', app);
console.log(address);
