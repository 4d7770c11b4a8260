import { hash } from 'node:crypto';
import { KeyedHash, printable } from '../../secrecy/keyed-hash.js';

/** Into so many hash slots the keys of a store are spread. Each keeps the keys of one operation together. */
export const SLOT_TAGS: readonly string[] = Object.freeze([...'0123456789abcdef'].map((digit) => `{${digit}}`));

/** The names of one key in Redis: the one that is written, and the one of the secret that is replaced. */
export interface SlotNames {
  readonly tag: string;
  readonly names: readonly [string, ...string[]];
}

/**
 * Names keys by keyed hashes, so that nobody who reads Redis can guess what they stand for. The slot follows from four
 * bits of an unkeyed hash: the names of both live secrets have to stand in one slot.
 */
export class SlotNamer {
  readonly #prefix: string;
  readonly #hashes: readonly KeyedHash[];

  /** `purpose` keeps the keys of stores of different kinds apart. */
  constructor({ prefix, secret }: { prefix: string; secret: readonly string[] }, purpose: string) {
    this.#prefix = `${prefix}${purpose}:`;
    this.#hashes = secret.map((each) => new KeyedHash(each, `redis ${purpose}`));
  }

  of(key: string): SlotNames {
    const tag = `{${hash('sha256', key, 'hex')[0]}}`;
    const [written = '', ...replaced] = this.#hashes.map((each) => this.inSlot(tag, printable(each.of(key))));
    return { tag, names: [written, ...replaced] };
  }

  /** A name of the store's own in a slot. */
  inSlot(tag: string, name: string): string {
    return `${this.#prefix}${tag}:${name}`;
  }
}
