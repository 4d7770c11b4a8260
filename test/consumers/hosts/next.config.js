import './issuer.js';

process.env.NEXT_TELEMETRY_DISABLED = '1';

/** A route handler gets the URL as it was received. */
export default { rewrites: async () => [{ source: '/open/:id', destination: '/orders/:id' }] };
