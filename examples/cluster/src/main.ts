import { GatewayCluster } from './gateway-cluster.js';

// Runs four processes of the gateway behind one port until it is interrupted.
const port = Number(process.env['PORT'] ?? 8080);
const gateway = await GatewayCluster.start(port).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const { bearer } = await gateway.authorizationServer.as(
  { subject: 'alice', scopes: ['orders:read'] },
  { opaque: true },
);
console.log(`Processes ${gateway.pids.join(', ')} listen on ${gateway.origin}

# Each answer names the process that gave it
curl -i -H 'Authorization: Bearer ${bearer}' ${gateway.origin}/orders

# Ends the session: all processes refuse the token from now on
curl -i -X DELETE -H 'Authorization: Bearer ${bearer}' ${gateway.origin}/session

# Ctrl-C ends all of it`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await gateway.close();
    process.exit();
  });
}
