import { option } from '@sallyport/core/extend';
import type { KeyOwner } from '../jose/verification-key.js';
import { Issuer, type IssuerCollaborators } from './issuer.js';
import { type TrustedIssuer, trustedIssuer } from './trusted-issuer.js';

/** An issuer that was looked up. Its keys, and what they have proved, stand as long as the answer is good. */
export class ResolvedIssuer implements KeyOwner {
  readonly options: TrustedIssuer;
  readonly issuer: Issuer;
  readonly #trusts: (name: string) => boolean;
  /** When the answer has to be asked for again, on the monotonic clock. */
  untilMs: number;
  /** From when on the lookup is repeated in the background. */
  refreshAtMs: number;
  #hasEnded = false;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(
    options: TrustedIssuer,
    { refreshAtMs, untilMs }: { refreshAtMs: number; untilMs: number },
    { trusts, services }: { trusts: (name: string) => boolean; services: IssuerCollaborators },
  ) {
    this.options = options;
    this.untilMs = untilMs;
    this.refreshAtMs = refreshAtMs;
    this.#trusts = trusts;
    const name = 'resolved issuer';
    const settings = trustedIssuer(options, name);
    if (settings.allowMissingIssuer) throw option.invalid(`${name}.allowMissingIssuer`, 'is for configured issuers');
    this.issuer = new Issuer(settings, name, { ...services, owner: this });
  }

  stands(nowMs: number): boolean {
    return nowMs < this.untilMs && !this.#hasEnded && this.#trusts(this.options.issuer);
  }

  /** Called when the issuer is gone, has other rules or was dropped for lack of room. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.issuer.keys.close?.();
  }
}
