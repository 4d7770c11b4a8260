import { type Authenticated } from '@sallyport/core';
import { fingerprint, printsAs } from '@sallyport/core/extend';

/** A token that a JWT handler took. Printed, it is a fingerprint. */
export class JwtCredential {
  // One lives for ever, so that V8 keeps the optimised code (docs/performance.md, "Specimens").
  static {
    Object.assign(this, { [Symbol('specimen')]: new this('') });
    printsAs(this, (credential) => `[token ${credential.fingerprint()}]`);
  }

  readonly #token: string;
  /** The issuer that the token names, trusted but not verified; absent for an encrypted token. */
  readonly issuer: string | undefined;
  /** What was remembered about the token when it was extracted. */
  readonly known: Authenticated | undefined;

  constructor(token: string, issuer?: string, known?: Authenticated) {
    this.#token = token;
    this.issuer = issuer;
    this.known = known;
  }

  reveal(): string {
    return this.#token;
  }

  /** For traces: the same for the same token, within this process. */
  fingerprint(): string {
    return fingerprint(this.#token);
  }
}
