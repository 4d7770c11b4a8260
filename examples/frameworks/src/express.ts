import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { app } from './express-app.js';
import { chain } from './security.js';

await chain.start();
const server = app.listen(Number(process.env['PORT'] ?? 3000));
await once(server, 'listening');
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
process.once('SIGTERM', () => server.close(() => void chain.close()));
