import type { UpstreamError } from '@sallyport/core';
import { CallsSuspended } from '../outbound/circuit.js';
import { publishIntrospectionEvent } from './introspection-events.js';

/**
 * Tells what an authorization server fails with: once for the same cause, and again only after an answer. Calls that are
 * suspended are not told, because what led to that was.
 */
export class OutageReports {
  readonly #handler: string;
  #told: string | undefined;

  constructor(handler: string) {
    this.#handler = handler;
  }

  note(error: UpstreamError): void {
    if (error instanceof CallsSuspended || this.#told === error.message) return;
    this.#told = error.message;
    const { code: reason, message: detail } = error;
    publishIntrospectionEvent({ kind: 'server_unavailable', handler: this.#handler, reason, detail });
  }

  noteAnswer(): void {
    this.#told = undefined;
  }
}
