import type { Principal } from '../principal/principal.js';
import type { SecurityRequest } from '../request/request.js';
import type { Challenge } from '../verdict/challenge.js';
import type { Verdict } from '../verdict/verdict.js';
import type { CredentialSource } from './credential-source.js';
import type { HandlerStatistics } from './handler-statistics.js';
import type { LastingProof } from './lasting-proof.js';
import type { SecurityScheme } from './security-scheme.js';

/**
 * The extension point: proves one kind of credential. An instance is built once and serves every request, so it must
 * not keep anything of a request. The chain decides the order of handlers.
 */
export interface SecurityHandler<Credential = unknown> {
  /** Names this instance in requirements, traces and logs; unique within a chain. */
  readonly name: string;
  /** The challenges of a 401 for this handler; at least one (RFC 9110 15.5.2). */
  readonly challenges: readonly Challenge[];
  /**
   * The place of its credential, or several. A credential in two of them is refused, except for a cookie or certificate
   * beside another place: that is not read. Default: all credentials of the first challenge's Authorization scheme.
   */
  readonly source?: CredentialSource | readonly CredentialSource[];
  /**
   * Finds this handler's credential. Synchronous, no I/O, no verification, never throws. `undefined` means "not
   * mine"; a `malformed` verdict means "mine, and it breaks its syntax". May be asked again, also about a part of the request:
   * if it is selective at several places, about each alone.
   */
  extract(request: SecurityRequest): Credential | Verdict | undefined;
  /**
   * Checks the credential. Returns a promise only when it has to wait for something; a cache hit returns synchronously.
   */
  verify(credential: Credential, request: SecurityRequest): Verdict | Promise<Verdict>;
  /**
   * Only for proofs over the body, such as signatures of webhooks. Called after `verify` said `authenticated`, also where
   * that came from a cache, and before guards. `body` has the bytes as they were sent; it is empty where none were, and the
   * application gets the same bytes, so leave them as they are. The verdict and its principal replace those of `verify`.
   * Bodies over `maxBodyBytes` of the chain are refused with 413, and the wait for a body counts towards its deadline.
   */
  verifyBody?(credential: Credential, body: Uint8Array, request: SecurityRequest): Verdict | Promise<Verdict>;
  /**
   * Checks a grant of `verify` again. Called when the chain had to wait for another handler or a guard after that
   * grant. Returns a refusal if the grant no longer holds, for example because the token was revoked meanwhile.
   * Synchronous, from memory, never throws. Without this method a grant holds until the decision is given, at most for
   * the deadline of the chain.
   */
  recheck?(credential: Credential, principal: Principal): Verdict | undefined;
  /**
   * What goes on of a grant after its request, for leases: something that tells when the proof falls, such as by a
   * revocation, and that does not keep the credential. `Revocations` and `VerdictCache` make it by their own `follow`.
   * Without this method, a lease ends by the principal's expiry and by what guards say.
   */
  follow?(credential: Credential, principal: Principal): LastingProof;
  /**
   * Whether this caller must not see the challenges of this handler, such as a page whose browser would open a dialog. A
   * 401 then names them under a scheme that no client knows, such as `x-Basic`. Asked for refusals only. Default: never.
   */
  withholdsChallenges?(request: SecurityRequest): boolean;
  /**
   * The issuers of the tokens that it takes (RFC 8414 2), which the metadata of the resource name as authorization servers
   * (RFC 9728 2). Names that are no https URL are left out. Default: none.
   */
  readonly authorizationServers?: readonly string[];
  /**
   * What its tokens have to be bound to: members of `cnf` (RFC 7800 3.1), which the metadata of the resource tell. Default:
   * nothing.
   */
  readonly boundTo?: readonly string[];
  /**
   * How a served OpenAPI definition describes its credential, besides what `source` says: the first that has the type of the
   * scheme in the definition. Read when the definition is made, so it may have what `start` has found. Default: none.
   */
  readonly securitySchemes?: readonly SecurityScheme[];
  /** What the operator should change, by reason code. `NODE_DEBUG=sallyport` tells it with the decision. */
  readonly fixes?: Readonly<Record<string, string>>;
  /** What it has done so far, read for metrics. */
  readonly statistics?: HandlerStatistics | undefined;
  /**
   * Warms up (keys, connections). Called before the first request; again only after `close`, when another chain starts.
   */
  start?(): Promise<void>;
  /** Closes what `start` or the constructor opened. Called when the last chain that started it closes. */
  close?(): Promise<void>;
}

/** Whether a handler proves something over bodies, so that these have to be read. */
export function provesBody({ verifyBody }: SecurityHandler): boolean {
  return typeof verifyBody === 'function';
}

/** Whether a value has the required members of a handler. */
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
