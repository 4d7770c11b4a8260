export { type Answer, type AskOptions, ask } from './ask.js';
export {
  AuthorizationServer,
  type AuthorizationServerOptions,
  type BearerParts,
  type Endpoint,
} from './authorization-server/authorization-server.js';
export type { Fault } from './authorization-server/faults.js';
export type { SigningAlgorithm } from './authorization-server/signing-key.js';
export { buildRequest, type RequestLine, type RequestParts } from './build-request.js';
export { ManualClock } from './manual-clock.js';
export { assertThat, type ExpectedRefusal, type MatcherResult, securityMatchers } from './matchers.js';
export { adapterRules } from './rules/adapter/adapter-rules.js';
export type {
  AdapterRulesOptions,
  AdapterUnderTest,
  MountingOptions,
  OpenAdapter,
} from './rules/adapter/adapter-under-test.js';
export { cacheStoreRules } from './rules/cache-store-rules.js';
export { counterStoreRules } from './rules/counter-store-rules.js';
export type { GuardCase, GuardCases, GuardFactory } from './rules/guard-cases.js';
export { guardRules } from './rules/guard-rules.js';
export type { CaseParts, HandlerCases, HandlerFactory } from './rules/handler-cases.js';
export { handlerRules } from './rules/handler-rules.js';
export { onceStoreRules } from './rules/once-store-rules.js';
export { assertRules, BrokenRule, expectRule, type Rule, type RuleRow } from './rules/rule.js';
export { type StoreUnderTest, storeRules } from './rules/store-under-test.js';
