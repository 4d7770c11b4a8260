export { type Basis, type BasisFinder, FoundedVerdict } from './cache/basis.js';
export { CACHE_CHANNEL, type CacheEvent, onCacheEvent } from './cache/cache-events.js';
export type { CacheStatistics } from './cache/cache-statistics.js';
export type { CacheStore } from './cache/cache-store.js';
export { configurationDigest } from './cache/configuration-digest.js';
export type { Waiters } from './cache/flights.js';
export { KeyedHash } from './cache/keyed-hash.js';
export { MemoryCacheStore, type MemoryCacheStoreOptions } from './cache/memory-cache-store.js';
export type { ReceivedNotices, RevocationBus } from './cache/revocation-bus.js';
export { Revocations } from './cache/revocations.js';
export type { RevocationsCollaborators, RevocationsOptions, RevokedTokenOptions } from './cache/revocations-options.js';
export { VerdictCache } from './cache/verdict-cache.js';
export type { VerdictCacheCollaborators, VerdictCacheOptions } from './cache/verdict-cache-options.js';
export { SecurityChain } from './chain/chain.js';
export type { SecurityChainCollaborators, SecurityChainOptions } from './chain/chain-options.js';
export type { Operation, OperationTable } from './chain/operation.js';
export { type Clock, systemClock } from './clock.js';
export { basicChallenge, bearerChallenge, type Challenge, challenge, formatChallenge } from './decision/challenge.js';
export {
  type Decision,
  type DeniedDecision,
  type GrantedDecision,
  isDecision,
  type RefusedAttempt,
} from './decision/decision.js';
export { type Problem, type ProblemFormatter, problemJson } from './decision/problem.js';
export {
  ConfigurationError,
  SALLYPORT_ERROR_CODES,
  SallyportError,
  type SallyportErrorCode,
  UpstreamError,
} from './errors.js';
export {
  DECISION_CHANNEL,
  type DecisionEvent,
  type DecisionListener,
  onDecision,
  type PrincipalSummary,
} from './events/decision-events.js';
export { EventChannel } from './events/event-channel.js';
export type { Explanation } from './events/explanation.js';
export type { CacheState, DecisionTrace, TraceFault, TraceStep } from './events/trace.js';
export type { Eventually } from './eventually.js';
export { every } from './guard/every.js';
export {
  ABSTAINED,
  type Guard,
  type GuardFunction,
  type GuardLike,
  type GuardVerdict,
  guard,
  PERMITTED,
} from './guard/guard.js';
export type { Match } from './guard/match.js';
export { requireAudience } from './guard/require-audience.js';
export { type RoleOptions, requireRoles } from './guard/require-roles.js';
export { requireScopes, type ScopeOptions } from './guard/require-scopes.js';
export type { ScopeStrategy } from './guard/scope-strategy.js';
export { some } from './guard/some.js';
export type { CredentialClaim, SecurityHandler } from './handler/handler.js';
export {
  type CookieHandlerOptions,
  cookieHandler,
  type HeaderHandlerOptions,
  headerHandler,
  type VerifyValue,
} from './handler/header-handler.js';
export {
  type Authenticated,
  authenticated,
  type Challenged,
  challenged,
  type Denied,
  denied,
  type Forbidden,
  forbidden,
  type HeaderLine,
  isVerdict,
  type Limited,
  limited,
  type Malformed,
  malformed,
  type Unavailable,
  unavailable,
  type Verdict,
} from './handler/verdict.js';
export {
  between,
  callable,
  checkOptions,
  flag,
  having,
  invalid,
  listOf,
  type OptionCheck,
  oneOf,
  optionalOption,
  text,
  textOrTexts,
  unchecked,
  withDefault,
} from './options.js';
export { ownMember, ownMembers } from './own-members.js';
export {
  ANONYMOUS,
  type Confirmation,
  createPrincipal,
  isPrincipal,
  type Principal,
  type PrincipalInit,
  type PrincipalKind,
  type Via,
} from './principal/principal.js';
export {
  type AbsentAuthorization,
  type Authorization,
  type AuthorizationCredentials,
  type InvalidAuthorization,
  parseAuthorization,
} from './request/authorization-header.js';
export type { FirewallOptions } from './request/firewall.js';
export { type RequestSource, type RouteKey, SecurityRequest } from './request/request.js';
export {
  allOf,
  anonymous,
  anyOf,
  attempt,
  optional,
  type Requirement,
} from './requirement/requirement.js';
export type { SameParty } from './requirement/same-party.js';
export { constantTimeEqual, fingerprint, Secret } from './secret.js';
export { memberPath, shownName } from './shown-name.js';
export { keepSpecimen } from './specimen.js';
