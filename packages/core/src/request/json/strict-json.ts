import { keepSpecimen } from '../../brand/specimen.js';
import { BareRecord } from '../../principal/bare-record.js';
import { sharedText } from '../../principal/claims.js';
import { namesSpeltOut } from './names-spelt-out.js';

const MAX_DEPTH = 32;
const MAX_MEMBERS = 256;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Stands for bytes that are no UTF-8, or for itself. */
const REPLACEMENT = '\uFFFD';

/**
 * A JSON text that somebody sent. It is decoded and parsed once, whoever reads it: leniently, for a first look, or strictly.
 * @example
 * const { value, object } = new SentJson(Buffer.from('{"a":1,"a":2}')); // value is { a: 2 }, object is undefined
 */
export class SentJson {
  static {
    keepSpecimen(new this(Buffer.from('{}')));
  }

  readonly #text: string;
  readonly #isUtf8: boolean;
  /** What `JSON.parse` reads; `undefined` where it refuses. Only good for a first look. */
  readonly value: unknown;

  constructor(bytes: Uint8Array) {
    // Keeps a byte order mark, which is no JSON white space (RFC 8259 8.1).
    this.#text = (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).toString();
    this.#isUtf8 = !this.#text.includes(REPLACEMENT) || isUtf8(bytes);
    this.value = parsed(this.#text);
  }

  /**
   * The object, if it can be read in one way only: valid UTF-8 without a byte order mark, no member twice (also not under
   * another spelling of its name), at most 32 levels deep, at most 256 members in an object. `undefined` for everything
   * else. It is deeply frozen, and its objects have no prototype, so a member called `__proto__` is data.
   */
  get object(): Readonly<Record<string, unknown>> | undefined {
    return this.#read(asItIs);
  }

  /** The same for a text that was proved to be of its issuer: principals share what its tokens have in common. */
  get claims(): Readonly<Record<string, unknown>> | undefined {
    return this.#read(sharedText);
  }

  #read(keep: Keep): Readonly<Record<string, unknown>> | undefined {
    const { value } = this;
    if (!this.#isUtf8 || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const tree = new BareTree(keep);
    const object = tree.copyObject(value, 1);
    return tree.isWithinLimits && tree.members === namesSpeltOut(this.#text) ? object : undefined;
  }
}

/**
 * Reads one JSON object strictly: see `object` of `SentJson`.
 * @example
 * const metadata = parseStrictJson(Buffer.from('{"issuer":"https://as.example"}'));
 */
export function parseStrictJson(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  return new SentJson(bytes).object;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is kept of the text of a member. */
type Keep = (name: string, text: string) => string;

const asItIs: Keep = (_name, text) => text;

const NOTHING = BareRecord.of([], []);

/** A frozen copy of parsed JSON whose objects inherit nothing: only members that were sent can be read. */
class BareTree {
  static {
    keepSpecimen(new this(asItIs));
  }

  members = 0;
  isWithinLimits = true;
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  copyObject(source: object, depth: number): Readonly<Record<string, unknown>> {
    const names = Object.keys(source);
    this.members += names.length;
    if (depth > MAX_DEPTH || names.length > MAX_MEMBERS) this.isWithinLimits = false;
    if (!this.isWithinLimits) return NOTHING;
    const values = names.map((name) => {
      const member = (source as Record<string, unknown>)[name];
      return typeof member === 'string' ? this.#keep(name, member) : this.#copy(member, depth + 1);
    });
    return BareRecord.of(names, values);
  }

  #copy(value: unknown, depth: number): unknown {
    if (Array.isArray(value)) return this.#copyArray(value, depth);
    return typeof value === 'object' && value !== null ? this.copyObject(value, depth) : value;
  }

  #copyArray(source: readonly unknown[], depth: number): readonly unknown[] {
    if (depth > MAX_DEPTH) this.isWithinLimits = false;
    return this.isWithinLimits ? Object.freeze(source.map((item) => this.#copy(item, depth + 1))) : [];
  }
}
