import { hash } from 'node:crypto';
import { printable } from '../../secrecy/keyed-hash.js';
import { LiveHash } from '../../secrecy/live-hash.js';

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
  readonly #hash: LiveHash;

  /** `purpose` keeps the keys of stores of different kinds apart. */
  constructor({ prefix, secret }: { prefix: string; secret: readonly string[] }, purpose: string) {
    this.#prefix = `${prefix}${purpose}:`;
    this.#hash = new LiveHash(secret, `redis ${purpose}`);
  }

  of(key: string): SlotNames {
    const tag = `{${hash('sha256', key, 'hex')[0]}}`;
    const inSlot = (name: string) => this.inSlot(tag, printable(name));
    const [written, ...replaced] = this.#hash.allOf(key);
    return { tag, names: [inSlot(written), ...replaced.map(inSlot)] };
  }

  /** A name of the store's own in a slot. */
  inSlot(tag: string, name: string): string {
    return `${this.#prefix}${tag}:${name}`;
  }
}
