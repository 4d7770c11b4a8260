import { UpstreamError, type Verdict } from '@sallyport/core';
import { FoundedVerdict } from '@sallyport/core/extend';
import { KnownKeys } from '../jose/key-set.js';
import type { Issuer } from './issuer.js';
import { type Verification, verifyToken } from './jwt-verdict.js';

type Finding = Verdict | FoundedVerdict;

/**
 * Verifies a token with the entries of its issuer, until one grants it by its own keys and rules alone. First the keys
 * that are known decide: a token of one entry makes nobody look for new keys of another.
 * @throws {UpstreamError} when no key has signed the token and the keys of an entry cannot be had
 */
export async function verifyWithEntries(
  token: string,
  entries: readonly Issuer[],
  verification: Verification,
  address: string | undefined,
): Promise<Finding> {
  const [first, ...others] = entries as readonly [Issuer, ...Issuer[]];
  if (others.length === 0) return verifyToken(token, first, verification, address);
  const judged = new Map<Issuer, Finding>();
  for (const entry of entries) {
    const known = { ...entry, keys: new KnownKeys(entry.keys) };
    const finding = await verifyToken(token, known, verification, address);
    if (isGrant(finding)) return finding;
    if (finding instanceof FoundedVerdict) judged.set(entry, finding);
  }
  return verifyWithNewKeys(token, entries, judged, { ...verification, onKeyOffer: () => {} }, address);
}

/** Of several refusals, that of an entry whose key has signed the token is told. */
async function verifyWithNewKeys(
  token: string,
  entries: readonly Issuer[],
  judged: ReadonlyMap<Issuer, Finding>,
  verification: Verification,
  address: string | undefined,
): Promise<Finding> {
  const refusals = [...judged.values()];
  const outages: UpstreamError[] = [];
  for (const entry of entries.filter((each) => !judged.has(each))) {
    try {
      const finding = await verifyToken(token, entry, verification, address);
      if (isGrant(finding)) return finding;
      refusals.push(finding);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      outages.push(error);
    }
  }
  const founded = refusals.find((refusal) => refusal instanceof FoundedVerdict);
  if (founded !== undefined) return founded;
  const [outage] = outages;
  if (outage !== undefined) throw outage;
  return mostTelling(refusals as readonly Verdict[]);
}

function isGrant(finding: Finding): boolean {
  const verdict = finding instanceof FoundedVerdict ? finding.verdict : finding;
  return verdict.kind === 'authenticated';
}

/** An entry of other algorithms says the least about a token. */
function mostTelling(refusals: readonly Verdict[]): Verdict {
  const telling = refusals.find((refusal) => refusal.kind === 'denied' && refusal.reason !== 'algorithm_not_allowed');
  return telling ?? (refusals[0] as Verdict);
}
