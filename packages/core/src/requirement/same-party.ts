import { disregard } from '../clock/eventually.js';
import { type Principal, proofsOf } from '../principal/principal.js';

/** Decides whether two proofs of one request belong to one party. Asked of every pair. */
export type SameParty = (first: Principal, other: Principal) => boolean;

/**
 * Whether every two proofs belong together, those inside of what an inner `allOf` has combined among them. It takes all
 * pairs: a client agrees with each of its users, they do not.
 */
export function areOneParty(principals: readonly Principal[], sameParty: SameParty): boolean {
  const each = principals.flatMap(proofsOf);
  return each.every((first, index) => each.slice(index + 1).every((other) => agreement(sameParty(first, other))));
}

/** A comparison that answers later, or not with true or false, is a bug and not a mismatch. */
function agreement(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  disregard(answer);
  throw new TypeError('sameParty() returned neither true nor false');
}

/**
 * What `sameParty: true` means: the same issuer, and the same subject or, where one of the two is a client, the same
 * client. What a proof does not name is never the same: who has no issuer agrees with nobody.
 */
export function agree(first: Principal, other: Principal): boolean {
  if (!isSame(first.issuer, other.issuer)) return false;
  if (first.subject === other.subject) return true;
  return (isClient(first) || isClient(other)) && isSame(clientOf(first), clientOf(other));
}

function isSame(name: string | undefined, other: string | undefined): boolean {
  return name !== undefined && name !== '' && name === other;
}

function isClient({ kind }: Principal): boolean {
  return kind !== 'user';
}

function clientOf(principal: Principal): string | undefined {
  return principal.clientId || (isClient(principal) ? principal.subject : undefined);
}
