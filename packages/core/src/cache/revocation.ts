import { between, checkOptions, flag, text } from '../options.js';
import { Seal } from './seal.js';

/** What was revoked, named by its keyed hash only. */
export interface Revocation {
  readonly key: string;
  /** A client or a subject, where the time of issue decides; otherwise a single token, refused in any case. */
  readonly isParty: boolean;
  /** Seconds since the epoch. */
  readonly at: number;
  /** When it may be forgotten, in milliseconds since the epoch. */
  readonly endsAtMs: number;
}

const LABEL = 'revocation';

/** Seals revocations into notices and opens them, so that nobody else who can write to the bus revokes anything. */
export class RevocationEnvelope {
  readonly #seal: Seal;

  constructor(secret: string) {
    this.#seal = new Seal(secret, 'revocation 1');
  }

  close(revocation: Revocation): string {
    return this.#seal.close(LABEL, JSON.stringify(revocation));
  }

  /** `undefined` for whatever was not sealed with this secret. */
  open(sealed: string): Revocation | undefined {
    try {
      const json = this.#seal.open(LABEL, sealed);
      return json === undefined ? undefined : checkOptions('revocation', JSON.parse(json), REVOCATION);
    } catch {
      return undefined;
    }
  }
}

const REVOCATION = {
  key: text,
  isParty: flag,
  at: between(0, Number.MAX_SAFE_INTEGER),
  endsAtMs: between(0, Number.MAX_SAFE_INTEGER),
};
