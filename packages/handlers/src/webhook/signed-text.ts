import { createHash, createHmac, type Hash, type Hmac, type KeyObject } from 'node:crypto';
import { option } from '@sallyport/core/extend';

/** What a scheme signs besides the body. Absent parts are empty. */
export interface SignedParts {
  readonly timestamp: string;
  readonly id: string;
}

const PLACEHOLDER = /\{(\w+)\}/;
const KNOWN = ['timestamp', 'id', 'body'];

/** How a scheme puts together what is signed, such as `{id}.{timestamp}.{body}`. */
export class SignedText {
  /** Texts at even places, names at odd ones. */
  readonly #before: readonly string[];
  readonly #after: readonly string[];
  readonly #names: readonly string[];
  readonly #separators: string;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(template: string, name: string) {
    const parts = template.split(PLACEHOLDER);
    this.#names = parts.filter(isName);
    if (this.#names.some((each, index) => !KNOWN.includes(each) || this.#names.indexOf(each) !== index)) {
      throw option.invalid(name, 'may hold {body}, {timestamp} and {id}, each once');
    }
    const body = parts.findIndex((part, index) => isName(part, index) && part === 'body');
    if (body === -1) throw option.invalid(name, 'must hold {body}');
    // What stands between two parts has to show where the first ends: otherwise one signature fits several deliveries.
    const separators = parts.slice(1, -1).filter((_, index) => index % 2 === 1);
    if (!separators.every((text) => /^[^A-Za-z0-9]/.test(text))) {
      throw option.invalid(name, 'must have a character between two parts that is neither letter nor digit');
    }
    this.#separators = separators.join('');
    this.#before = parts.slice(0, body);
    this.#after = parts.slice(body + 1);
  }

  holds(name: 'timestamp' | 'id'): boolean {
    return this.#names.includes(name);
  }

  /** Whether a value may stand for a part: it holds nothing that stands between parts, so it ends where it seems to end. */
  fits(value: string): boolean {
    return ![...this.#separators].some((separator) => value.includes(separator));
  }

  hmac(hash: string, key: KeyObject, parts: SignedParts, body: Uint8Array): Buffer {
    return this.#fed(createHmac(hash, key), parts, body).digest();
  }

  /** Names what was signed. `purpose` keeps the names of different uses apart. */
  nameOf(purpose: string, parts: SignedParts, body: Uint8Array): string {
    return this.#fed(createHash('sha256').update(purpose), parts, body).digest('base64url');
  }

  #fed<Sum extends Hash | Hmac>(sum: Sum, parts: SignedParts, body: Uint8Array): Sum {
    sum.update(filled(this.#before, parts));
    sum.update(body);
    sum.update(filled(this.#after, parts));
    return sum;
  }
}

/** Splitting at names leaves them at odd places. */
function isName(_part: string, index: number): boolean {
  return index % 2 === 1;
}

function filled(parts: readonly string[], values: SignedParts): string {
  return parts.map((part, index) => (isName(part, index) ? values[part as keyof SignedParts] : part)).join('');
}
