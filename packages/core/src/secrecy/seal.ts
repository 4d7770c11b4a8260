import { createHmac } from 'node:crypto';
import { constantTimeEqual } from './secret.js';

/**
 * Authenticates texts that are stored where others can write (HMAC-SHA-256). A sealed text belongs to one label, such
 * as its storage key, and does not open under another.
 */
export class Seal {
  readonly #key: Buffer;

  constructor(secret: string, purpose: string) {
    this.#key = createHmac('sha256', secret).update(purpose).digest();
  }

  close(label: string, text: string): string {
    return `${this.#mac(label, text)}.${text}`;
  }

  /** The text; `undefined` when the text or its label was changed after sealing. */
  open(label: string, sealed: string): string | undefined {
    const dot = sealed.indexOf('.');
    const text = sealed.slice(dot + 1);
    return dot !== -1 && constantTimeEqual(sealed.slice(0, dot), this.#mac(label, text)) ? text : undefined;
  }

  /** Labels are hashes or constants without a line feed, so the first line feed always ends the label. */
  #mac(label: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${label}\n${text}`).digest('base64url');
  }
}
