import { honoApp } from './hono-app.js';

/** Bun serves what a program exports: `bun dist/bun.js`. */
export default { port: Number(process.env['PORT'] ?? 3000), fetch: honoApp().fetch };
