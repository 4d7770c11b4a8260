import { option } from '@sallyport/core/extend';
import type { KeyOwner } from '../jose/verification-key.js';
import { Issuer, type IssuerCollaborators } from './issuer.js';
import { type TrustedIssuer, trustedIssuer } from './trusted-issuer.js';

/** An issuer that was looked up. Its keys, and what they have proved, stand as long as the answer is good. */
export class ResolvedIssuer implements KeyOwner {
  readonly options: readonly TrustedIssuer[];
  readonly entries: readonly Issuer[];
  readonly #name: string;
  readonly #trusts: (name: string) => boolean;
  /** When the answer has to be asked for again, on the monotonic clock. */
  untilMs: number;
  /** From when on the lookup is repeated in the background. */
  refreshAtMs: number;
  #hasEnded = false;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(
    name: string,
    options: readonly TrustedIssuer[],
    { refreshAtMs, untilMs }: { refreshAtMs: number; untilMs: number },
    { trusts, services }: { trusts: (name: string) => boolean; services: IssuerCollaborators },
  ) {
    this.options = options;
    this.untilMs = untilMs;
    this.refreshAtMs = refreshAtMs;
    this.#name = name;
    this.#trusts = trusts;
    // All are checked before the first of them opens its keys.
    const checked = options.map((each, index) => checkedEntry(each, entryName(index, options.length)));
    this.entries = checked.map(({ settings, owner }) => new Issuer(settings, owner, { ...services, owner: this }));
  }

  stands(nowMs: number): boolean {
    return nowMs < this.untilMs && !this.#hasEnded && this.#trusts(this.#name);
  }

  /** Called when the issuer is gone, has other rules or was dropped for lack of room. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all(this.entries.map(({ keys }) => keys.close?.()));
  }
}

function entryName(index: number, count: number): string {
  return count === 1 ? 'resolved issuer' : `resolved issuer[${index}]`;
}

function checkedEntry(options: TrustedIssuer, owner: string) {
  const settings = trustedIssuer(options, owner);
  if (settings.allowMissingIssuer) throw option.invalid(`${owner}.allowMissingIssuer`, 'is for configured issuers');
  return { settings, owner };
}
