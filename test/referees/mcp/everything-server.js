// The server that the conformance suite asks in each scenario for servers: node everything-server.js <revision> [gate]
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
import { registerSessionTools } from './session-tools.js';
import { withSessions } from './sessions.js';

const [revision, gate] = process.argv.slice(2);
const LIST_CHANGED = { listChanged: true };
const CAPABILITIES = {
  tools: LIST_CHANGED,
  prompts: LIST_CHANGED,
  resources: { subscribe: true, ...LIST_CHANGED },
  completions: {},
};

function everything({ capabilities, ...options }) {
  const server = new McpServer({ name: 'everything', version: '1.0.0' }, { capabilities, ...options });
  registerEverything(server, { notify: handler.notify, completable });
  return server;
}

const handler = createMcpHandler(() => {
  const server = everything({ capabilities: CAPABILITIES, requestState: { verify: state.verify } });
  registerAskingTools(server);
  return server;
});

const handleSessions = withSessions((transport) => {
  const server = everything({ capabilities: { ...CAPABILITIES, logging: {} } });
  registerSessionTools(server);
  return server.connect(transport);
});

const server = createServer();
// A connection that is closed just when the next request comes would fail a scenario.
server.keepAliveTimeout = 0;
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = `http://127.0.0.1:${server.address().port}/mcp`;

const app = express();
app.use(localhostHostValidation(), localhostOriginValidation());
if (gate === 'gate') {
  const { middleware, token } = await openGate(address);
  app.use(middleware);
  // The suite has no tokens for servers.
  server.on('request', ({ rawHeaders }) => {
    if (!rawHeaders.some((name) => /^authorization$/i.test(name))) rawHeaders.push('Authorization', `Bearer ${token}`);
  });
}
const handleModern = toNodeHandler(handler);
app.all('/mcp', (request, response) => (revision < '2026' ? handleSessions : handleModern)(request, response));
server.on('request', app);
console.log(address);
