import { serve } from '@hono/node-server';
import { honoApp } from './hono-app.js';
import { chain } from './security.js';

await chain.start();
const server = serve({ fetch: honoApp().fetch, port: Number(process.env['PORT'] ?? 3000) }, ({ port }) =>
  console.log(`Listening on http://localhost:${port}`),
);
process.once('SIGTERM', () => server.close(() => void chain.close()));
