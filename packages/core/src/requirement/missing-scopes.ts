import { MISSING, Refusal } from '../handler/refusal.js';
import { forbidden } from '../verdict/verdict.js';

/** The proof is good but lacks scopes. `anyOf` then tries the next alternative, which may not need them. */
export class MissingScopes extends Refusal {}

/** Scopes are required and the caller is anonymous: an anonymous caller has no scopes. */
export const NOBODY: MissingScopes = Object.freeze(new MissingScopes(MISSING.verdict));

/**
 * Like `NOBODY`, for a requirement without handlers. A 401 would have no challenge there (RFC 9110 15.5.2), so it is a
 * 403.
 */
export const NOBODY_EVER: MissingScopes = Object.freeze(new MissingScopes(forbidden('insufficient_scope')));
