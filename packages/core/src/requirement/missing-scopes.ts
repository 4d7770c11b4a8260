import { MISSING, Refusal } from '../handler/refusal.js';
import { forbidden } from '../verdict/verdict.js';

/** A proof is good, but lacks scopes of its own: another alternative may do without them. */
export class MissingScopes extends Refusal {}

/** Scopes are asked, and the caller proved nothing: who has no identity has no scopes. */
export const NOBODY: MissingScopes = Object.freeze(new MissingScopes(MISSING.verdict));

/** Where no handler could prove anything, nobody is asked to: a 401 would have no challenge (RFC 9110 15.5.2). */
export const NOBODY_EVER: MissingScopes = Object.freeze(new MissingScopes(forbidden('insufficient_scope')));
