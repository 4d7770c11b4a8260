import { type Authenticated } from '@sallyport/core';
import { fingerprint, keepSpecimen, printsAs, type SentJson } from '@sallyport/core/extend';
import type { Outline } from '../jose/compact-jws.js';

/** A token that a JWT handler took. Printed, it is a fingerprint. */
export class JwtCredential {
  static {
    keepSpecimen(new this(''));
    printsAs(this, (credential) => `[token ${credential.fingerprint()}]`);
  }

  readonly #token: string;
  readonly #outline: Outline | undefined;
  /** What was remembered about the token when it was extracted. */
  readonly known: Authenticated | undefined;

  constructor(token: string, outline?: Outline, known?: Authenticated) {
    this.#token = token;
    this.#outline = outline;
    this.known = known;
  }

  /** The issuer that the token names, trusted but not verified; absent for an encrypted token. */
  get issuer(): string | undefined {
    return this.#outline?.issuer;
  }

  /** What was read of the token to find its issuer. Unverified. */
  get payload(): SentJson | undefined {
    return this.#outline?.payload;
  }

  forgetPayload(): void {
    this.#outline?.forgetPayload();
  }

  reveal(): string {
    return this.#token;
  }

  /** For traces: the same for the same token, within this process. */
  fingerprint(): string {
    return fingerprint(this.#token);
  }
}
