import { applicationOf } from './application.js';

export default { fetch: applicationOf(JSON.parse(process.env['SETTINGS'] ?? '')) };
