import { denied, type Revocations, type Unavailable, UpstreamError, unavailable, type Verdict } from '@sallyport/core';
import { andThen, type Eventually, FoundedVerdict, type GoodBefore, withoutCredentials } from '@sallyport/core/extend';
import { issuerIn, payloadOf } from '../jose/compact-jws.js';
import { decryptToken } from '../jose/decryption.js';
import type { DecryptionSettings } from '../jose/decryption-key.js';
import { InnerToken } from '../jose/inner-token.js';
import { KnownKeys } from '../jose/key-set.js';
import type { Issuer } from './issuer.js';
import type { TokenSender } from './issuer-resolver.js';
import type { Issuers } from './issuers.js';
import type { JwtCredential } from './jwt-credential.js';
import { REVOKED, type SignedToken, type Verification, verifyToken } from './jwt-verdict.js';

type Finding = Verdict | FoundedVerdict;

/** What a verifier needs besides issuers. */
export interface TokenVerifierServices {
  readonly verification: Verification;
  readonly decryptionKeys: readonly DecryptionSettings[];
  /** Told whose tokens were good. */
  readonly good: GoodBefore;
  readonly revocations: Revocations | undefined;
}

/** Verifies tokens of trusted issuers that nobody remembers. */
export class TokenVerifier {
  readonly #issuers: Issuers;
  readonly #services: TokenVerifierServices;

  constructor(issuers: Issuers, services: TokenVerifierServices) {
    this.#issuers = issuers;
    this.#services = services;
  }

  /** At once if no key has to be fetched, and neither the signature nor a mapping takes time. */
  verify(credential: JwtCredential, sender: TokenSender): Eventually<Finding> {
    const { token } = sender;
    try {
      const finding = this.#prove(credential, sender);
      return finding instanceof Promise ? finding.catch((error) => outageOf(error, token)) : finding;
    } catch (error) {
      return outageOf(error, token);
    }
  }

  #prove({ issuer, payload }: JwtCredential, sender: TokenSender): Eventually<Finding> {
    const { token } = sender;
    return issuer === undefined ? this.#proveInner(sender) : this.#proveOf(issuer, { token, payload }, sender);
  }

  async #proveInner(sender: TokenSender): Promise<Finding> {
    const { decryptionKeys, revocations } = this.#services;
    const signed = await decryptToken(sender.token, decryptionKeys);
    if (typeof signed !== 'string') return signed;
    const payload = payloadOf(signed);
    const issuer = issuerIn(payload);
    if (issuer === undefined || !this.#issuers.trusts(issuer)) return this.#unknown(issuer);
    const found = await this.#proveOf(issuer, { token: signed, payload }, sender);
    if (revocations === undefined || !(found instanceof FoundedVerdict)) return found;
    if (revocations.refuses(signed)) return REVOKED;
    return new FoundedVerdict(found.verdict, new InnerToken(revocations.nameOf(signed), found.basis, revocations));
  }

  #proveOf(issuer: string, token: SignedToken, sender: TokenSender): Eventually<Finding> {
    const { verification, good } = this.#services;
    return andThen(this.#issuers.find(issuer, sender), (entries) => {
      if (entries.length === 0) return this.#unknown(issuer);
      return andThen(verifyWithEntries(token, entries, verification, sender), (finding) => {
        const verdict = finding instanceof FoundedVerdict ? finding.verdict : finding;
        if (verdict.kind === 'authenticated') good.note(issuer, sender.address);
        return finding;
      });
    });
  }

  #unknown(issuer: string | undefined): Verdict {
    return denied('issuer_unknown', { detail: this.#issuers.strange(issuer).detail });
  }
}

/** A server that has the keys or knows the issuer cannot answer. Everything else is a bug. */
function outageOf(error: unknown, token: string): Unavailable {
  if (!(error instanceof UpstreamError)) throw error;
  const { message, retryAfterSeconds } = error;
  return unavailable(error, { retryAfterSeconds, detail: withoutCredentials(message, [token]) });
}

/**
 * Verifies a token with the entries of its issuer, until one of them grants it by its own keys and rules. First, all
 * entries try the keys that they have. So a token of one entry does not make another entry fetch keys.
 * @throws {UpstreamError} when no key has signed the token and the keys of an entry cannot be had
 */
function verifyWithEntries(
  token: SignedToken,
  entries: readonly Issuer[],
  verification: Verification,
  sender: TokenSender,
): Eventually<Finding> {
  const [first, ...others] = entries as readonly [Issuer, ...Issuer[]];
  if (others.length === 0) return verifyToken(token, first, verification, sender);
  return verifyWithKnownKeys(token, entries, verification, sender);
}

async function verifyWithKnownKeys(
  token: SignedToken,
  entries: readonly Issuer[],
  verification: Verification,
  sender: TokenSender,
): Promise<Finding> {
  const judged = new Map<Issuer, Finding>();
  for (const entry of entries) {
    const known = { ...entry, keys: new KnownKeys(entry.keys) };
    const finding = await verifyToken(token, known, verification, sender);
    if (isGrant(finding)) return finding;
    if (finding instanceof FoundedVerdict) judged.set(entry, finding);
  }
  return verifyWithNewKeys(token, entries, judged, { ...verification, onKeyOffer: () => {} }, sender);
}

/** If all entries refuse, the refusal of an entry whose key signed the token counts. */
async function verifyWithNewKeys(
  token: SignedToken,
  entries: readonly Issuer[],
  judged: ReadonlyMap<Issuer, Finding>,
  verification: Verification,
  sender: TokenSender,
): Promise<Finding> {
  const refusals = [...judged.values()];
  const outages: UpstreamError[] = [];
  for (const entry of entries.filter((each) => !judged.has(each))) {
    try {
      const finding = await verifyToken(token, entry, verification, sender);
      if (isGrant(finding)) return finding;
      refusals.push(finding);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      outages.push(error);
    }
  }
  const founded = refusals.find((refusal) => refusal instanceof FoundedVerdict);
  if (founded !== undefined) return new FoundedVerdict(withAll(refusals, founded.verdict), founded.basis);
  const [outage] = outages;
  if (outage !== undefined) throw outage;
  return withAll(refusals, mostTelling(refusals as readonly Verdict[]));
}

/** A refusal with the details of all entries: each expects something else. */
function withAll(refusals: readonly Finding[], verdict: Verdict): Verdict {
  if (verdict.kind !== 'denied') return verdict;
  const details = refusals.map(verdictOf).map((each) => {
    return each.kind === 'denied' ? `${each.reason}${each.detail === undefined ? '' : ` (${each.detail})`}` : each.kind;
  });
  return denied(verdict.reason, { detail: `of ${details.length} entries: ${details.join('; ')}` });
}

function verdictOf(finding: Finding): Verdict {
  return finding instanceof FoundedVerdict ? finding.verdict : finding;
}

function isGrant(finding: Finding): boolean {
  return verdictOf(finding).kind === 'authenticated';
}

/**
 * The first refusal with a reason other than the algorithm. An entry with other algorithms says least about a token.
 */
function mostTelling(refusals: readonly Verdict[]): Verdict {
  const telling = refusals.find((refusal) => refusal.kind === 'denied' && refusal.reason !== 'algorithm_not_allowed');
  return telling ?? (refusals[0] as Verdict);
}
