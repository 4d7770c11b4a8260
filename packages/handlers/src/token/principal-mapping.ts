import {
  createPrincipal,
  type Principal,
  type PrincipalInit,
  type Unavailable,
  UpstreamError,
  unavailable,
} from '@sallyport/core';
import { answerWithin, type Clock, type Eventually, isThenable, isVerdict } from '@sallyport/core/extend';
import type { TokenClaims } from './token-claims.js';

/**
 * Changes what a principal is made of, at once or later: it may load the user. Gets the claims of the token or answer as
 * well. One that throws, or returns what makes no principal, is a bug: 500, and an event that names the handler. One
 * whose promise rejects or is too late is an outage: 503. What it returns is remembered with the verdict.
 */
export type MapPrincipal = (init: PrincipalInit, claims: TokenClaims) => PrincipalInit | PromiseLike<PrincipalInit>;

/** A mapping, how long it may take, and the clock that measures it. */
export interface Mapping {
  readonly mapPrincipal: MapPrincipal | undefined;
  readonly mapPrincipalTimeoutMs: number;
  readonly clock: Clock;
}

const FAILED = unavailable('principal_mapping_failed');
const TIMED_OUT = unavailable('principal_mapping_timed_out');

/**
 * The principal that claims name, as the user's mapping changes it; `undefined` when neither names anybody. How the
 * token was proved, whose it is, whom it is for and when it ends cannot be mapped away. A promise only where the mapping
 * returns one.
 * @throws what the mapping throws, and {TypeError} for what it should not return: no verdict about the token
 */
export function mappedPrincipal(
  init: PrincipalInit,
  claims: TokenClaims,
  mapping: Mapping,
): Eventually<Principal | Unavailable | undefined> {
  const { mapPrincipal: map } = mapping;
  if (map === undefined) return init.subject === '' ? undefined : createPrincipal(init);
  const answer = answerOf(map, init, claims);
  return isThenable(answer) ? laterPrincipal(init, answer, mapping) : principalOf(init, answer);
}

async function laterPrincipal(
  init: PrincipalInit,
  pending: PromiseLike<unknown>,
  { mapPrincipalTimeoutMs, clock }: Mapping,
): Promise<Principal | Unavailable | undefined> {
  const settled = Promise.resolve(pending).then(
    (mapped) => ({ mapped }),
    () => FAILED,
  );
  const outcome = await answerWithin(mapPrincipalTimeoutMs, settled, clock).catch(() => TIMED_OUT);
  return isVerdict(outcome) ? outcome : principalOf(init, outcome.mapped);
}

function principalOf(init: PrincipalInit, answer: unknown): Principal | undefined {
  const { issuer, audience, expiresAt, confirmation, via, subject } = init;
  const mapped = checked(answer);
  if (subject === '' && mapped.subject === '') return undefined;
  return createPrincipal({ ...mapped, issuer, audience, expiresAt, confirmation, via });
}

function answerOf(map: MapPrincipal, init: PrincipalInit, claims: TokenClaims): unknown {
  try {
    return map(init, claims);
  } catch (error) {
    // To the handlers, such an error means that the authorization server is out of order.
    throw error instanceof UpstreamError
      ? new TypeError('mapPrincipal threw an UpstreamError', { cause: error })
      : error;
  }
}

/** Refuses misspelt members, which would be dropped in silence. The values are checked where the principal is made. */
function checked(mapped: unknown): PrincipalInit {
  const isObject = typeof mapped === 'object' && mapped !== null;
  if (!isObject || !Object.keys(mapped).every((name) => Object.hasOwn(MEMBERS, name))) {
    throw new TypeError('mapPrincipal must return the members of a principal, and no others');
  }
  return mapped as PrincipalInit;
}

const MEMBERS: Readonly<Record<keyof PrincipalInit, true>> = {
  kind: true,
  issuer: true,
  subject: true,
  clientId: true,
  scopes: true,
  roles: true,
  audience: true,
  claims: true,
  expiresAt: true,
  issuedAt: true,
  authenticatedAt: true,
  acr: true,
  amr: true,
  confirmation: true,
  via: true,
};

/** Concludes at once from a mapping that was done at once. */
export function whenMapped<Mapped, Next>(
  mapped: Eventually<Mapped>,
  conclude: (mapped: Mapped) => Next,
): Eventually<Next> {
  return mapped instanceof Promise ? mapped.then(conclude) : conclude(mapped);
}
