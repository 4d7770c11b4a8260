import { honoApp } from './hono-app.js';

/** So does Deno: `deno serve --allow-env --port 3000 dist/deno.js`. */
export default { fetch: honoApp().fetch };
