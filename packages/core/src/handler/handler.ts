import type { Challenge } from '../decision/challenge.js';
import { ConfigurationError } from '../errors.js';
import { inheritsFromClass, ownMember } from '../own-members.js';
import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import { shownName } from '../shown-name.js';
import type { Verdict } from './verdict.js';

/**
 * Where a handler's credential travels, so that the chain knows which handlers compete for the same one.
 * Two handlers that take everything of one source are a start-up error unless one of them is the fallback.
 */
export interface CredentialClaim {
  /** `authorization:<scheme>`, `header:<name>`, `cookie:<name>`, `query:<name>` or `tls:certificate`, in lower case. */
  readonly source: string;
  /** The handler takes only some credentials of this source (tokens of its issuers) and leaves the others. */
  readonly selective?: boolean;
  /** The handler takes what no other handler of this source wants. */
  readonly fallback?: boolean;
}

/**
 * The extension point: proves one kind of credential. Instances are built once and serve every request, so they
 * keep nothing of a request. The order of handlers belongs to the chain.
 */
export interface SecurityHandler<Credential = unknown> {
  /** Names this instance in requirements, traces and logs; unique within a chain. */
  readonly name: string;
  /** What a 401 advertises for this handler; at least one (RFC 9110 15.5.2). */
  readonly challenges: readonly Challenge[];
  /** Default: all credentials of the first challenge's Authorization scheme. */
  readonly claim?: CredentialClaim;
  /**
   * Finds this handler's credential. Synchronous, no I/O, no verification, never throws. `undefined` means "not
   * mine"; a `malformed` verdict means "mine, and it breaks its syntax".
   */
  extract(request: SecurityRequest): Credential | Verdict | undefined;
  /** Checks it: a verdict, or a promise of one when something has to be asked. A cache hit returns synchronously. */
  verify(credential: Credential, request: SecurityRequest): Verdict | Promise<Verdict>;
  /**
   * Asked about what `verify` granted where another handler or a guard had to be waited for since: a refusal when it no
   * longer stands, such as a token that was revoked meanwhile. Synchronous, from memory, never throws. Without it a grant
   * stands until its decision is given, at most for the deadline of the chain.
   */
  recheck?(credential: Credential, principal: Principal): Verdict | undefined;
  /** Warms up (keys, connections). Called once, before the first request. */
  start?(): Promise<void>;
  /** Closes what `start` or the constructor opened. Called once. */
  close?(): Promise<void>;
}

const SOURCE = /^(?:(?:authorization|header|cookie|query):[!-@[-~]+|tls:certificate)$/;

/**
 * The claim of a handler, with the default filled in. A misspelt source would not be seen to compete with others.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function claimOf(handler: SecurityHandler): CredentialClaim {
  const claim = claimIn(handler) ?? wholeScheme(handler);
  if (!SOURCE.test(claim.source)) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      `the claim of ${shownName(handler.name)} must have a source such as authorization:bearer or header:x-api-key, in lower case`,
    );
  }
  return claim;
}

/** All credentials of the first challenge's Authorization scheme. */
function wholeScheme({ challenges: [first] }: SecurityHandler): CredentialClaim {
  return { source: `authorization:${first?.scheme.toLowerCase()}`, selective: false, fallback: false };
}

/** What the handler or its class says; not what every object in the process would say. */
function claimIn(handler: SecurityHandler): CredentialClaim | undefined {
  const { claim } = handler;
  const isItsOwn = Object.hasOwn(handler, 'claim') || inheritsFromClass(handler, 'claim');
  if (claim === undefined || !isItsOwn) return undefined;
  const source = ownMember(claim, 'source') ?? '';
  return { source, selective: ownMember(claim, 'selective') ?? false, fallback: ownMember(claim, 'fallback') ?? false };
}

/** Cookies and client certificates are sent without being asked; what a client adds by itself is explicit. */
export function isAmbient(claim: CredentialClaim): boolean {
  return claim.source.startsWith('cookie:') || claim.source.startsWith('tls:');
}

/** Whether a value has what every handler has. */
export function isHandler(value: unknown): value is SecurityHandler {
  const handler = value as Partial<SecurityHandler> | null | undefined;
  return (
    typeof handler?.name === 'string' &&
    handler.name !== '' &&
    Array.isArray(handler.challenges) &&
    handler.challenges.length > 0 &&
    typeof handler.extract === 'function' &&
    typeof handler.verify === 'function'
  );
}
