import type { OutboundOptions } from '@sallyport/handlers/outbound';

/** The ways that calls take. What is asked of a call is the same for all of them. */
export const WAYS: readonly (readonly [name: string, options: OutboundOptions])[] = [
  ['over connections of the client', {}],
  ['by a fetch', { fetch: (url, init) => fetch(url, init) }],
];
