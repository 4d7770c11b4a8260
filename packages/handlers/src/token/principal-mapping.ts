import {
  createPrincipal,
  type Principal,
  type PrincipalInit,
  type Unavailable,
  UpstreamError,
  unavailable,
} from '@sallyport/core';
import {
  type Clock,
  describeError,
  type Eventually,
  type IssuedNames,
  issuedNames,
  isThenable,
  type Waiters,
  withIssuedNames,
  within,
} from '@sallyport/core/extend';
import type { MappingFailure, MappingOutcome } from './mapping-failure.js';
import { MappingSignal } from './mapping-signal.js';
import type { TokenClaims } from './token-claims.js';

/**
 * Changes what a principal is made of, at once or later: it may load the user. Gets the claims of the token or answer as
 * well, and a signal that is aborted when its deadline is over or the last request that waits for it has gone. One that
 * throws, or returns what makes no principal, is a bug: 500, and an event that names the handler. One whose promise
 * rejects or is too late is an outage: 503. What it returns is remembered with the verdict.
 * @example
 * const mapPrincipal: MapPrincipal = async (init, claims, { signal }) => {
 *   const user = await users.load(init.subject, { signal });
 *   return { ...init, roles: user.roles };
 * };
 */
export type MapPrincipal = (
  init: PrincipalInit,
  claims: TokenClaims,
  call: { readonly signal: AbortSignal },
) => PrincipalInit | PromiseLike<PrincipalInit>;

/** A mapping, how long it may take, and the clock that measures it. */
export interface Mapping {
  readonly mapPrincipal: MapPrincipal | undefined;
  readonly mapPrincipalTimeoutMs: number;
  readonly clock: Clock;
}

/** For whom a principal is made. */
export interface MappingCaller {
  readonly waiters: Pick<Waiters, 'signal'>;
  /** What the requests sent: no message of an error may repeat it. */
  readonly credentials: readonly string[];
  /** Told about a mapping that makes no principal. */
  readonly onFailure: (failure: MappingFailure) => void;
}

/**
 * The principal that claims name, as the user's mapping changes it; `undefined` when neither names anybody. How the
 * token was proved, whose it is, whom it is for, who acts and when it ends cannot be mapped away. Revocations find it also
 * under the names that it had before. A promise only where the mapping returns one.
 * @throws what the mapping throws, and {TypeError} for what it should not return: no verdict about the token
 */
export function mappedPrincipal(
  init: PrincipalInit,
  claims: TokenClaims,
  mapping: Mapping,
  caller: MappingCaller,
): Eventually<Principal | Unavailable | undefined> {
  const { mapPrincipal: map } = mapping;
  if (map === undefined) return init.subject === '' ? undefined : createPrincipal(init);
  const given = { init, issued: issuedNames(init) };
  const signal = new MappingSignal(caller.waiters);
  const own = thawed(claims) as TokenClaims;
  const ownInit = { ...(thawed({ ...init, claims: undefined }) as PrincipalInit), claims: own };
  const answer = answerOf(map, { init: ownInit, claims: own, signal }, caller);
  if (isThenable(answer)) return laterPrincipal(given, { answer, signal }, mapping, caller);
  signal.end();
  return principalOf(given, answer, caller);
}

/** What a mapping gets a copy of, and its names: the mapping may write into what it is given. */
interface Given {
  readonly init: PrincipalInit;
  readonly issued: IssuedNames;
}

/** A copy that is not frozen. */
function thawed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(thawed);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) copy[name] = thawed(member);
  return copy;
}

async function laterPrincipal(
  given: Given,
  { answer, signal }: { answer: PromiseLike<unknown>; signal: MappingSignal },
  { mapPrincipalTimeoutMs: timeoutMs, clock }: Mapping,
  caller: MappingCaller,
): Promise<Principal | Unavailable | undefined> {
  const settled = Promise.resolve(answer).then(
    (mapped) => ({ mapped }),
    (error: unknown) => ({ error }),
  );
  const outcome = await within({ clock, timeoutMs }, settled, () => undefined);
  if (outcome === undefined) {
    signal.expire();
    return timedOut(timeoutMs, caller);
  }
  signal.end();
  if ('error' in outcome) return failed(outcome.error, caller);
  return principalOf(given, outcome.mapped, caller);
}

function failed(error: unknown, caller: MappingCaller): Unavailable {
  const { name, code } = describeError(error);
  tell('rejected', error, caller);
  return unavailable('principal_mapping_failed', {
    detail: `mapPrincipal rejected with ${name}${code === undefined ? '' : ` (${code})`}`,
  });
}

function timedOut(timeoutMs: number, caller: MappingCaller): Unavailable {
  tell('timed_out', undefined, caller);
  return unavailable('principal_mapping_timed_out', { detail: `mapPrincipal took longer than ${timeoutMs} ms` });
}

function tell(outcome: MappingOutcome, error: unknown, { credentials, onFailure }: MappingCaller): void {
  onFailure({ outcome, error, credentials });
}

function principalOf({ init, issued }: Given, answer: unknown, caller: MappingCaller): Principal | undefined {
  const { issuer, audience, expiresAt, confirmation, actor, via, subject } = init;
  try {
    const mapped = checked(answer);
    if (subject === '' && mapped.subject === '') return undefined;
    return withIssuedNames(
      createPrincipal({ ...mapped, issuer, audience, expiresAt, confirmation, actor, via }),
      issued,
    );
  } catch (error) {
    tell('no_principal', error, caller);
    throw error;
  }
}

interface MappingCall {
  readonly init: PrincipalInit;
  readonly claims: TokenClaims;
  readonly signal: MappingSignal;
}

function answerOf(map: MapPrincipal, { init, claims, signal }: MappingCall, caller: MappingCaller): unknown {
  const call = {
    get signal(): AbortSignal {
      return signal.signal;
    },
  };
  try {
    return map(init, claims, call);
  } catch (error) {
    signal.end();
    tell('threw', error, caller);
    // Thrown as another error: handlers would take this one for an outage of the authorization server.
    throw error instanceof UpstreamError
      ? new TypeError(`mapPrincipal threw an UpstreamError: ${error.message}`, { cause: error })
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
  actor: true,
  via: true,
};
