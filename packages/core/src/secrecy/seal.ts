import { createHmac } from 'node:crypto';
import { constantTimeEqual } from './secret.js';

/**
 * Authenticates texts that lie where others can write (HMAC-SHA-256). A sealed text is bound to one label, such as
 * the key that it is stored under, and cannot be moved to another.
 */
export class Seal {
  readonly #key: Buffer;

  constructor(secret: string, purpose: string) {
    this.#key = createHmac('sha256', secret).update(purpose).digest();
  }

  close(label: string, text: string): string {
    return `${this.#mac(label, text)}.${text}`;
  }

  /** The text, or `undefined` when anything about it or its label is not as it was sealed. */
  open(label: string, sealed: string): string | undefined {
    const dot = sealed.indexOf('.');
    const text = sealed.slice(dot + 1);
    return dot !== -1 && constantTimeEqual(sealed.slice(0, dot), this.#mac(label, text)) ? text : undefined;
  }

  /** Labels are hashes or constants without a line feed, so that no label can reach into a text. */
  #mac(label: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${label}\n${text}`).digest('base64url');
  }
}
