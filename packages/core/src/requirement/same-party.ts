import { disregard } from '../clock/eventually.js';
import { MisuseError } from '../errors/errors.js';
import { type Principal, proofsOf } from '../principal/principal.js';

/** Decides whether two proofs of one request belong to one party. Called for every pair of proofs. */
export type SameParty = (first: Principal, other: Principal) => boolean;

/**
 * Whether every two proofs belong to one party, including the proofs that an inner `allOf` combined. All pairs are
 * compared, because agreement is not transitive: a client agrees with each of its users, but two of its users do not
 * agree.
 */
export function areOneParty(principals: readonly Principal[], sameParty: SameParty): boolean {
  const each = principals.flatMap(proofsOf);
  return each.every((first, index) => each.slice(index + 1).every((other) => agreement(sameParty(first, other))));
}

/** Any answer other than true or false, such as a promise, is a bug and not a mismatch. */
function agreement(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  disregard(answer);
  throw new MisuseError('sameParty() returned neither true nor false');
}

/**
 * The comparison of `sameParty: true`: equal issuers, and equal subjects or, if one of the two is a client, equal
 * clients. An absent name equals nothing: a proof without an issuer matches no other.
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
