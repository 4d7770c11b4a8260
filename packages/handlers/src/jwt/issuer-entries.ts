import { denied, UpstreamError, type Verdict } from '@sallyport/core';
import { FoundedVerdict } from '@sallyport/core/extend';
import { KnownKeys } from '../jose/key-set.js';
import type { Issuer } from './issuer.js';
import type { TokenSender } from './issuer-resolver.js';
import { type Verification, verifyToken } from './jwt-verdict.js';

type Finding = Verdict | FoundedVerdict;

/**
 * Verifies a token with the entries of its issuer, until one of them grants it by its own keys and rules. First, all
 * entries try the keys that they have. So a token of one entry does not make another entry fetch keys.
 * @throws {UpstreamError} when no key has signed the token and the keys of an entry cannot be had
 */
export async function verifyWithEntries(
  token: string,
  entries: readonly Issuer[],
  verification: Verification,
  sender: TokenSender,
): Promise<Finding> {
  const [first, ...others] = entries as readonly [Issuer, ...Issuer[]];
  if (others.length === 0) return verifyToken(token, first, verification, sender);
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
  token: string,
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
