import { MISSING, Refusal } from '../handler/refusal.js';
import { forbidden } from '../verdict/verdict.js';

/** The proof is good but lacks scopes. `anyOf` then tries the next alternative, which may not need them. */
export class MissingScopes extends Refusal {}

/** Scopes are required and the caller is anonymous: an anonymous caller has no scopes. */
export const NOBODY: MissingScopes = Object.freeze(new MissingScopes(MISSING.verdict));

/**
 * Like `NOBODY`, for a requirement without handlers. It is a 403, because a 401 needs a challenge (RFC 9110 15.5.2) and
 * only handlers have one.
 */
export const NOBODY_EVER: MissingScopes = Object.freeze(new MissingScopes(forbidden('insufficient_scope')));
