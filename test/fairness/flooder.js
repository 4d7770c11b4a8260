// Floods a server from one address as fast as it answers: every connection sends its next request at once.
// Started with fork(), so that it takes no turn of the event loop that serves and measures.
// `{ port, address, connections, credentials }` begins it, any further message ends it: then it tells how often it was
// answered with which status, and goes.
import { once } from 'node:events';
import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: true });
const statuses = new Map();
let isOver = false;
let serial = 0;

async function statusOf(authorization, { port, address }) {
  const request = get({ host: '127.0.0.1', port, agent, localAddress: address, headers: { authorization } });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function flood(order) {
  const { credentials } = order;
  while (!isOver) {
    const status = await statusOf(credentials[serial++ % credentials.length], order);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

const [order] = await once(process, 'message');
process.once('message', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: order.connections }, () => flood(order)));
agent.destroy();
process.send(statuses, () => process.disconnect());
