import type { LiveApplication } from '../routes/live-route.js';

/** What the process that has loaded an application tells the command. */
export type Message = { readonly application: LiveApplication } | { readonly problem: string };
