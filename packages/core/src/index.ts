export {
  type AbsentAuthorization,
  type Authorization,
  type AuthorizationCredentials,
  type InvalidAuthorization,
  parseAuthorization,
} from './authorization-header.js';
export { CACHE_CHANNEL, type CacheEvent, onCacheEvent } from './cache/cache-events.js';
export type { CacheStatistics } from './cache/cache-statistics.js';
export type { CacheStore } from './cache/cache-store.js';
export { configurationDigest } from './cache/configuration-digest.js';
export type { Waiters } from './cache/flights.js';
export { KeyedHash } from './cache/keyed-hash.js';
export { MemoryCacheStore, type MemoryCacheStoreOptions } from './cache/memory-cache-store.js';
export type { ReceivedNotices, RevocationBus } from './cache/revocation-bus.js';
export { Revocations, type RevocationsCollaborators, type RevocationsOptions } from './cache/revocations.js';
export { VerdictCache } from './cache/verdict-cache.js';
export type { VerdictCacheCollaborators, VerdictCacheOptions } from './cache/verdict-cache-options.js';
export { SecurityChain, type SecurityChainCollaborators, type SecurityChainOptions } from './chain.js';
export { basicChallenge, bearerChallenge, type Challenge, challenge, formatChallenge } from './challenge.js';
export { type Clock, systemClock } from './clock.js';
export {
  type Decision,
  type DeniedDecision,
  type GrantedDecision,
  isDecision,
} from './decision.js';
export {
  ConfigurationError,
  SALLYPORT_ERROR_CODES,
  SallyportError,
  type SallyportErrorCode,
  UpstreamError,
} from './errors.js';
export { EventChannel } from './event-channel.js';
export {
  DECISION_CHANNEL,
  type DecisionEvent,
  type DecisionListener,
  onDecision,
  type PrincipalSummary,
} from './events.js';
export type { Eventually } from './eventually.js';
export type { Explanation } from './explanation.js';
export type { FirewallOptions } from './firewall.js';
export {
  ABSTAINED,
  every,
  type Guard,
  type GuardFunction,
  type GuardLike,
  type GuardVerdict,
  guard,
  type Match,
  PERMITTED,
  type RoleOptions,
  requireAudience,
  requireRoles,
  requireScopes,
  type ScopeOptions,
  some,
} from './guard.js';
export type { CredentialClaim, SecurityHandler } from './handler.js';
export {
  type CookieHandlerOptions,
  cookieHandler,
  type HeaderHandlerOptions,
  headerHandler,
  type VerifyValue,
} from './header-handler.js';
export type { Operation, OperationTable } from './operation.js';
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
export {
  ANONYMOUS,
  type Confirmation,
  createPrincipal,
  isPrincipal,
  type Principal,
  type PrincipalInit,
  type PrincipalKind,
  type Via,
} from './principal.js';
export { type Problem, type ProblemFormatter, problemJson } from './problem.js';
export { type RequestSource, type RouteKey, SecurityRequest } from './request.js';
export { allOf, anonymous, anyOf, attempt, optional, type Requirement, type SameParty } from './requirement.js';
export type { ScopeStrategy } from './scope.js';
export { constantTimeEqual, fingerprint, Secret } from './secret.js';
export type { CacheState, DecisionTrace, TraceFault, TraceStep } from './trace.js';
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
} from './verdict.js';
