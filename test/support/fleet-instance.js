// One process of a fleet (fleet.ts). It serves what `make` makes of the settings, over a real socket on a free port, and runs
// what the test orders. `make` returns `{ listener, orders, close }`: what answers requests, functions by name, and what ends
// all of it. The process ends with the test.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function runInstance(make) {
  const settings = JSON.parse(process.env.FLEET_SETTINGS);
  const { listener, orders = {}, close = () => {} } = await make(settings);
  const server = createServer(listener).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 60_000;
  await once(server, 'listening');
  process.on('message', async ({ id, name, given }) => {
    try {
      process.send({ id, result: await orders[name](...given) });
    } catch (error) {
      process.send({ id, error: error.code ?? error.constructor.name });
    }
  });
  process.once('disconnect', async () => {
    server.close();
    server.closeAllConnections();
    await close();
    process.exit();
  });
  process.send({ port: server.address().port });
}
