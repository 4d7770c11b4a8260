export type { WebhookVendor } from './vendor-schemes.js';
export type { WebhookCredential } from './webhook-credential.js';
export { WebhookHandler } from './webhook-handler.js';
export type { WebhookHandlerCollaborators, WebhookHandlerOptions } from './webhook-options.js';
export type { WebhookScheme } from './webhook-scheme.js';
