import {
  clockOption,
  counterStoreCheck,
  type FailureLimits,
  failureLimits,
  isScopeToken,
  memberPath,
  option,
  revocationsCheck,
} from '@sallyport/core/extend';
import { challengeAudience } from './challenge-audience.js';
import { users } from './configured-users.js';
import { type HashQueueOptions, type HashQueueSettings, hashQueueOptions } from './passwords/hash-queue.js';
import {
  type HashingOptions,
  type HashingSettings,
  hashingOptions,
  usualHashing,
} from './passwords/password-hasher.js';
import {
  type ProvedPasswordsOptions,
  type ProvedPasswordsSettings,
  provedPasswordsOptions,
} from './passwords/proved-passwords.js';

type ScopeMapping = (roles: readonly string[]) => readonly string[];

/** Which scopes roles have: a map from role to one or more scopes, or a function of all roles of an account. */
export type ScopesOfRoles = Readonly<Record<string, string | readonly string[]>> | ScopeMapping;

const SCOPES = option.textOrTexts.schema as option.Schema;

/** Compiles a mapping of roles to scopes. A role that the mapping does not name has no scopes. */
const scopesOfRoles = option.withSchema<ScopeMapping, ScopesOfRoles>(
  { type: 'object', additionalProperties: SCOPES },
  (mapping, name) => {
    if (typeof mapping === 'function') return mapping as ScopeMapping;
    if (typeof mapping !== 'object' || mapping === null) throw option.invalid(name, 'must be an object or a function');
    const byRole = new Map(
      Object.entries(mapping).map(([role, scopes], index) => [
        role,
        checkedScopes(scopes, memberPath(name, role, index)),
      ]),
    );
    return (roles) => [...new Set(roles.flatMap((role) => byRole.get(role) ?? []))];
  },
);

function checkedScopes(scopes: unknown, name: string): readonly string[] {
  const list = option.textOrTexts(scopes, name);
  if (!list.every(isScopeToken)) throw option.invalid(name, 'must name scopes as RFC 6749 3.3 allows them');
  return list;
}

const BASIC = option.table('BasicHandlerOptions', {
  /** Names this handler in requirements, traces and logs. */
  name: option.withDefault(option.text, 'basic'),
  /** The protection space that clients are told about (RFC 7617 2). */
  realm: option.text,
  /**
   * Who gets the Basic challenge. Browsers ask their user for a password, also where a script of a page sent the request.
   * `allButScripts` spares requests with `Sec-Fetch-Mode` other than `navigate`, or with `X-Requested-With:
   * XMLHttpRequest`; `nobody` spares all. Who is spared gets 401 with `x-Basic`, which no client knows.
   */
  challengeTo: option.withDefault(challengeAudience, 'everyone'),
  /** A user store, or accounts as data: `{ accounts: […] }` or `{ htpasswd: { path } }`. */
  users,
  /** Which scopes roles have. Default: none. */
  scopesOfRoles: option.optional(scopesOfRoles),
  /**
   * How new hashes are made. A weaker stored hash is replaced after a login if the store saves hashes. Until the first
   * check against a stored hash, logins of unknown users cost as much as new hashes.
   */
  hashing: option.withDefault<HashingSettings, HashingOptions>(hashingOptions, usualHashing),
  /** How many passwords are hashed at once, and how many may wait. */
  queue: option.group<HashQueueSettings, HashQueueOptions>(hashQueueOptions),
  /** How long a right password is remembered, so that it need not be hashed again. */
  cache: option.group<ProvedPasswordsSettings, ProvedPasswordsOptions>(provedPasswordsOptions),
  /** How many logins may fail. */
  failures: option.group<option.Kept<typeof failureLimits>, FailureLimits>(failureLimits),
  /** How long the user store may take, in milliseconds. */
  userStoreTimeoutMs: option.withDefault(option.between(1, 60_000), 2_000),
});

export interface BasicHandlerOptions extends option.Given<typeof BASIC> {}

interface BasicSettings extends option.Kept<typeof BASIC> {}

export const basicOptions: option.Table<BasicSettings, BasicHandlerOptions> = BASIC;

const COLLABORATORS = option.table('BasicHandlerCollaborators', {
  clock: clockOption,
  /** The base of relative paths in `users.htpasswd`. */
  directory: option.withDefault(option.text, '.'),
  /** Counts failures for several processes together. Default: each process counts its own. */
  counterStore: option.optional(counterStoreCheck),
  /**
   * The revocations. A revoked subject is the name of an account: its remembered passwords are forgotten, and its next
   * login is checked anew. A revoked token is one user name with one password, as it follows `Basic`: it is refused
   * while the revocation lasts. Passwords have no `jti`, client or issuer.
   */
  revocations: option.optional(revocationsCheck),
});

/** Services of a Basic handler. */
export interface BasicHandlerCollaborators extends option.Given<typeof COLLABORATORS> {}

export const basicCollaborators: option.Table<
  option.Kept<typeof COLLABORATORS>,
  BasicHandlerCollaborators
> = COLLABORATORS;
