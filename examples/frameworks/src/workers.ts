import { honoApp } from './hono-app.js';

/** Workers have no connection that tells an address: Cloudflare tells it, and lets no client write this header. */
export default { fetch: honoApp({ remoteAddress: { header: 'CF-Connecting-IP' } }).fetch };
