import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import type { Challenge } from '../verdict/challenge.js';
import type { Verdict } from '../verdict/verdict.js';
import type { CredentialSource } from './credential-source.js';

/**
 * The extension point: proves one kind of credential. Instances are built once and serve every request, so they
 * keep nothing of a request. The order of handlers belongs to the chain.
 */
export interface SecurityHandler<Credential = unknown> {
  /** Names this instance in requirements, traces and logs; unique within a chain. */
  readonly name: string;
  /** What a 401 advertises for this handler; at least one (RFC 9110 15.5.2). */
  readonly challenges: readonly Challenge[];
  /** Where its credential stands. Default: all credentials of the first challenge's Authorization scheme. */
  readonly source?: CredentialSource;
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
