export { type ChainRequirements, SecurityChain } from './chain/chain.js';
export type { SecurityChainCollaborators, SecurityChainOptions } from './chain/chain-options.js';
export { type LeaseEvent, onLeaseEvent } from './chain/lease/lease-events.js';
export type { LeaseStatistics } from './chain/lease/leases.js';
export { type ShadowDifference, type ShadowedOutcome, type ShadowOptions, shadow } from './chain/shadow.js';
export type { Decider, PublicAnswer } from './decision/decider.js';
export type { Decision, DeniedDecision, GrantedDecision, RefusedAttempt } from './decision/decision.js';
export type { Lease, LeaseEnd } from './decision/lease.js';
export {
  type Problem,
  type ProblemBody,
  type ProblemContext,
  type ProblemFormatter,
  problemJson,
} from './decision/problem.js';
export type { ProtectedResource } from './decision/resource/protected-resource.js';
export type { ResourceOptions } from './decision/resource/resource-options.js';
export { ConfigurationError, SallyportError, type SallyportErrorCode, UpstreamError } from './errors/errors.js';
export { type CacheEvent, onCacheEvent } from './events/cache-events.js';
export {
  type DecisionEvent,
  type DecisionListener,
  onDecision,
  type PrincipalSummary,
} from './events/decision-events.js';
export type { Explanation } from './events/explanation.js';
export type { RequestIdFunction } from './events/request-id.js';
export type {
  ChainStatistics,
  ClientFigures,
  DividedFigures,
  NamedFigures,
} from './events/statistics/chain-statistics.js';
export type { DecisionFigures } from './events/statistics/decision-counts.js';
export type { DurationFigures } from './events/statistics/durations.js';
export type { LimitFigures } from './events/statistics/limit-counts.js';
export type { StatisticsOptions } from './events/statistics/statistics-options.js';
export { every } from './guard/every.js';
export { type Guard, type GuardFunction, type GuardLike, type GuardVerdict, guard } from './guard/guard.js';
export type { NeededScopes } from './guard/needed-scopes.js';
export { type ActorOptions, requireActor } from './guard/require-actor.js';
export { requireAudience } from './guard/require-audience.js';
export {
  type AuthenticationCollaborators,
  type AuthenticationOptions,
  requireAuthentication,
} from './guard/require-authentication.js';
export { type RoleOptions, requireRoles } from './guard/require-roles.js';
export { requireScopes, type ScopeOptions } from './guard/require-scopes.js';
export type { Match } from './guard/required-names.js';
export type { ScopeStrategy } from './guard/scope-strategy.js';
export { some } from './guard/some.js';
export type { SecurityHandler } from './handler/handler.js';
export {
  type CookieHandlerOptions,
  cookieHandler,
  type HeaderHandlerOptions,
  headerHandler,
  type VerifyValue,
} from './handler/header-handler.js';
export type {
  ApiKeyScheme,
  HttpScheme,
  OAuth2Scheme,
  OpenIdConnectScheme,
  SecurityScheme,
} from './handler/security-scheme.js';
export { type ConcurrencyLimitOptions, concurrencyLimit } from './limits/rate/concurrency-limit.js';
export type { LimitByClaim } from './limits/rate/limit-amount.js';
export type { Limit } from './limits/rate/limit-guard.js';
export type { LimitKeyFunction, LimitKeyPart } from './limits/rate/limit-key.js';
export { rateLimit } from './limits/rate/rate-limit.js';
export type { CostFunction, RateLimitCollaborators, RateLimitOptions } from './limits/rate/rate-limit-options.js';
export {
  type Actor,
  type Confirmation,
  createPrincipal,
  type Principal,
  type PrincipalInit,
  type PrincipalKind,
  type Via,
} from './principal/principal.js';
export type { FirewallOptions } from './request/firewall.js';
export type { LimitUse } from './request/limit-uses.js';
export type { CacheState, MissingPermissions, TraceFault, TraceStep, UnclaimedCredential } from './request/trace.js';
export { allOf } from './requirement/all-of.js';
export { anonymous } from './requirement/anonymous.js';
export { anyOf } from './requirement/any-of.js';
export { attempt } from './requirement/attempt.js';
export { optional } from './requirement/optional.js';
export type { Requirement } from './requirement/requirement.js';
export type { SameParty } from './requirement/same-party.js';
export { Revocations } from './revocation/revocations.js';
export type {
  RevocationsCollaborators,
  RevocationsOptions,
  RevokedPartyOptions,
  RevokedSessionOptions,
  RevokedTokenOptions,
} from './revocation/revocations-options.js';
export { type RouteDefinition, type RouteTable, route, routes } from './routes/route-table.js';
export { MemoryCacheStore, type MemoryCacheStoreOptions } from './stores/memory-cache-store.js';
export { MemoryCounterStore, type MemoryCounterStoreOptions } from './stores/memory-counter-store.js';
export { MemoryOnceStore, type MemoryOnceStoreOptions } from './stores/memory-once-store.js';
export {
  type RateLimiterCount,
  RateLimiterCounterStore,
  type RateLimiterLike,
} from './stores/rate-limiter-counter-store.js';
export {
  type Authenticated,
  authenticated,
  type Challenged,
  challenged,
  type Denied,
  denied,
  type Forbidden,
  forbidden,
  type Limited,
  limited,
  type Malformed,
  malformed,
  type Unavailable,
  unavailable,
  type Verdict,
} from './verdict/verdict.js';
