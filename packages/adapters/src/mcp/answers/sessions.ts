import type { Principal } from '@sallyport/core';
import { KeyedHash, type SecurityRequest, UnfitRequestError } from '@sallyport/core/extend';
import { sessionInQuery } from './session-in-query.js';

export const SESSION_FIELD = 'mcp-session-id';

/** Who has not shown who it is. The first who does, with the id of a session that was opened so, owns it from then on. */
const NOBODY = '';

/**
 * Which session belongs to whom (protocol versions before 2026-07-28): to the principal that opened it. An id alone, which may have
 * been seen or guessed, opens nothing (MCP, security best practices, session hijacking). Ids and principals are kept as keyed
 * hashes.
 */
export class Sessions {
  readonly #most: number;
  readonly #ids = new KeyedHash(undefined, 'sessions of mcp');
  readonly #principals = new KeyedHash(undefined, 'owners of sessions of mcp');
  readonly #ownerOf = new Map<string, string>();
  /** The sessions of each owner, in the order of their last use. */
  readonly #sessionsOf = new Map<string, Set<string>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws {UnfitRequestError} for a session that another principal has opened, or nobody that is known */
  check(request: SecurityRequest, principal: Principal): void {
    for (const id of [request.header(SESSION_FIELD), sessionInQuery(request)])
      if (id !== undefined) this.#checkOwner(id, principal);
  }

  /** Called with the id that an answer names: a session that is new belongs to whoever got the answer. Tells whether it is new. */
  opened(id: string, principal: Principal): boolean {
    const session = this.#ids.of(id);
    if (this.#ownerOf.has(session)) return false;
    this.#keep(session, this.#nameOf(principal));
    return true;
  }

  ended(id: string): void {
    this.#forget(this.#ids.of(id));
  }

  #checkOwner(id: string, principal: Principal): void {
    const session = this.#ids.of(id);
    const known = this.#ownerOf.get(session);
    if (known === undefined) throw new UnfitRequestError('undeclared', 'mcp_session_unknown');
    const owner = this.#nameOf(principal);
    if (known !== owner && known !== NOBODY)
      throw new UnfitRequestError('undeclared', 'mcp_session_foreign', 'another principal has opened the session');
    this.#keep(session, owner);
  }

  #nameOf({ kind, issuer, subject, clientId }: Principal): string {
    return kind === 'anonymous' ? NOBODY : this.#principals.of(JSON.stringify([kind, issuer, subject, clientId]));
  }

  #keep(session: string, owner: string): void {
    this.#forget(session);
    if (this.#ownerOf.size >= this.#most) this.#makeRoom(owner);
    const own = this.#sessionsOf.get(owner) ?? new Set();
    this.#sessionsOf.set(owner, own.add(session));
    this.#ownerOf.set(session, owner);
  }

  #forget(session: string): void {
    const owner = this.#ownerOf.get(session);
    if (owner === undefined) return;
    this.#ownerOf.delete(session);
    const own = this.#sessionsOf.get(owner);
    own?.delete(session);
    if (own?.size === 0) this.#sessionsOf.delete(owner);
  }

  /** The oldest session goes of whoever has the most: nobody can push out the sessions of others by opening many. */
  #makeRoom(newcomer: string): void {
    let largest = this.#sessionsOf.get(newcomer);
    for (const own of this.#sessionsOf.values()) if (own.size > (largest?.size ?? 0)) largest = own;
    const [oldest] = largest ?? [];
    if (oldest !== undefined) this.#forget(oldest);
  }
}
