import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { printsAs } from './prints-as.js';

/** Made with the first fingerprint: Workers have no random bytes while a program loads. */
let processKey: string | undefined;

/**
 * Names a credential in traces and logs without revealing it: 8 hex digits of a keyed SHA-256. The key lives as long as
 * the process. A fingerprint can therefore not be looked up in a table or matched across processes.
 */
export function fingerprint(text: string): string {
  processKey ??= randomBytes(32).toString('hex');
  return hash('sha256', processKey + text, 'hex').slice(0, 8);
}

/** Compares two texts in a time that depends on neither their content nor their common prefix. */
export function constantTimeEqual(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'));
}

/**
 * A text that must not be printed: a token, a password, an API key. Inspection, JSON and template strings show only its
 * fingerprint. `reveal()` returns the text.
 */
export class Secret {
  static {
    printsAs(this, (secret) => `[secret ${secret.fingerprint()}]`);
  }

  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  fingerprint(): string {
    return fingerprint(this.#text);
  }
}
