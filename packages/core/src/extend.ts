/** For authors of handlers, adapters and stores. Applications need `@sallyport/core` alone. */
export { foreignCopy } from './brand/brand.js';
export { keepSpecimen } from './brand/specimen.js';
export { type Basis, type BasisFinder, FoundedVerdict } from './cache/basis.js';
export type { CacheStatistics } from './cache/cache-statistics.js';
export type { Waiters } from './cache/flights.js';
export { ReadingMemory } from './cache/reading-memory.js';
export { VerdictCache } from './cache/verdict-cache.js';
export {
  type VerdictCacheCollaborators,
  type VerdictCacheOptions,
  verdictCacheOptions,
} from './cache/verdict-cache-options.js';
export type { ProofOfPossession } from './cache/verdict-lookup.js';
export { chainOptions } from './chain/chain-options.js';
export type {
  ConfigurationServices,
  ConfiguredStore,
  GuardKind,
  HandlerKind,
  HandlerLookup,
  HandlerServices,
  Kind,
  KindOptions,
  Kinds,
  StoreKind,
  StoreServices,
} from './chain/kind.js';
export { LEASE_CHANNEL } from './chain/lease/lease-events.js';
export { closeHandlers, runWithin, startHandlers } from './chain/lifecycle.js';
export { answerWithin } from './clock/answer-within.js';
export { type Clock, clockCheck, clockOption, systemClock } from './clock/clock.js';
export { Deadlines, Timed } from './clock/deadlines.js';
export { andThen, attemptTo, disregard, type Eventually, isThenable } from './clock/eventually.js';
export { Expiring, type ExpiringLimits } from './clock/expiring.js';
export { JoinedTasks } from './clock/joined-tasks.js';
export { outlive, runtime } from './clock/runtime.js';
export { TimerWheel, type WheelItem } from './clock/timer-wheel.js';
export { type Patience, within } from './clock/within.js';
export { isDecision } from './decision/decision.js';
export { type LeaseOptions, type LeaseTerms, leaseOptions } from './decision/lease.js';
export type { ResourceSettings } from './decision/resource/resource-options.js';
export { type DescribedError, describeError } from './errors/described-error.js';
export { SALLYPORT_ERROR_CODES } from './errors/errors.js';
export { isNameLike, memberPath, quotedName, shownName } from './errors/shown-name.js';
export { CACHE_CHANNEL } from './events/cache-events.js';
export { DECISION_CHANNEL } from './events/decision-events.js';
export { EventChannel } from './events/event-channel.js';
export type { StatisticsSettings } from './events/statistics/statistics-options.js';
export { ABSTAINED, PERMITTED } from './guard/guard.js';
export { actorOptions } from './guard/require-actor.js';
export { authenticationOf, authenticationOptions } from './guard/require-authentication.js';
export { roleOptions } from './guard/require-roles.js';
export { scopeOptions } from './guard/require-scopes.js';
export { RequiredScopes, type ScopeRule } from './guard/required-scopes.js';
export { asLimiting, isLimiting } from './guard/votes.js';
export { type CredentialPlace, credentialPlace, explicitFirst, sentIn } from './handler/credential-place.js';
export { type CredentialSource, type DividedSource, type ReadSource, sourceOf } from './handler/credential-source.js';
export { isHandler } from './handler/handler.js';
export type { CacheFigure, CircuitFigure, CircuitState, HandlerStatistics } from './handler/handler-statistics.js';
export { fieldNameCheck } from './handler/header-handler.js';
export { keptPrivate } from './handler/kept-private.js';
export type { LastingProof, ProofWatcher } from './handler/lasting-proof.js';
export { forgetOnConnection, keepOnConnection, readOnce } from './handler/shared-reading.js';
export type { Applicant } from './limits/applicant.js';
export { CountedCaller, type CounterKeys } from './limits/counted-caller.js';
export { FailureLimiter, type FailureLimiterServices } from './limits/failure-limiter.js';
export { type FailureLimits, failureLimits } from './limits/failure-limits.js';
export { GoodBefore, type GoodBeforeOptions, type Standing } from './limits/good-before.js';
export { networkOf, networksOf, UNKNOWN_NETWORK } from './limits/network.js';
export { concurrencyLimitOptions } from './limits/rate/concurrency-limit.js';
export { isLimit } from './limits/rate/limit-guard.js';
export { rateLimitOptions } from './limits/rate/rate-limit-options.js';
export { runInTurn, type Turn } from './limits/run-in-turn.js';
export { Shares, type SharesOptions } from './limits/shares.js';
export { configurationDigest } from './options/configuration-digest.js';
export * as option from './options/options.js';
export { declaredMember, ownMember, ownMembers } from './options/own-members.js';
export { wordsOfText } from './principal/interned.js';
export { type IssuedNames, issuedNames } from './principal/issued-names.js';
export { ANONYMOUS, isPrincipal, withIssuedNames } from './principal/principal.js';
export { isScopeToken } from './principal/scope-token.js';
export type { Abandonable, Abandonment } from './request/abandonment.js';
export {
  type AbsentAuthorization,
  type Authorization,
  type AuthorizationCredentials,
  type Connection,
  type InvalidAuthorization,
  parseAuthorization,
  type Reader,
} from './request/authorization-header.js';
export type { BodySource, MissingBody } from './request/body.js';
export { type ClientCertificate, thumbprintOf } from './request/client-certificate.js';
export { namesSpeltOut } from './request/json/names-spelt-out.js';
export { parseStrictJson, SentJson } from './request/json/strict-json.js';
export { RECHECKED } from './request/limit-uses.js';
export { isPreflight } from './request/preflight.js';
export { type IncomingRequest, type RouteKey, SecurityRequest } from './request/request.js';
export { shownPath } from './request/shown-path.js';
export type { DecisionTrace } from './request/trace.js';
export { type Note, noted } from './requirement/contract/noted.js';
export { scoped } from './requirement/contract/scoped.js';
export { OPERATORS } from './requirement/operators.js';
export {
  type Alternative,
  alternativesOf,
  type CarriedScopes,
  checkRequirement,
  handlersOf,
  isRequirement,
  type OperatorWord,
} from './requirement/requirement.js';
export { type ReceivedNotices, type RevocationBus, revocationBusCheck } from './revocation/revocation-bus.js';
export { revocationsCheck } from './revocation/revocations-check.js';
export type { Operation, OperationTable } from './routes/operation.js';
export { RouteTable } from './routes/route-table.js';
export { deploymentSecretsCheck } from './secrecy/deployment-secret.js';
export { KeyedHash } from './secrecy/keyed-hash.js';
export { printsAs } from './secrecy/prints-as.js';
export { quoted } from './secrecy/quoted.js';
export { constantTimeEqual, fingerprint, Secret } from './secrecy/secret.js';
export { withoutCredentials } from './secrecy/without-credentials.js';
export { type CacheStore, cacheStoreCheck } from './stores/cache-store.js';
export { type Count, type CounterStore, counterStoreCheck } from './stores/counter-store.js';
export { markOnce, type OnceMark } from './stores/mark-once.js';
export { type OnceStore, onceStoreCheck } from './stores/once-store.js';
export { basicChallenge, bearerChallenge, type Challenge, challenge, formatChallenge } from './verdict/challenge.js';
export { isToken } from './verdict/http-grammar.js';
export { type UnfitKind, UnfitRequestError } from './verdict/unfit-request.js';
export { type HeaderLine, isVerdict } from './verdict/verdict.js';
