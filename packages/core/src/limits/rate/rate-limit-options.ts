import { clockOption } from '../../clock/clock.js';
import * as option from '../../options/options.js';
import type { Principal } from '../../principal/principal.js';
import type { SecurityRequest } from '../../request/request.js';
import { counterStoreCheck } from '../../stores/counter-store.js';
import { limitAmount } from './limit-amount.js';
import { limitKey } from './limit-key.js';

const MOST = 1_000_000_000;

/** Response fields quote it, keys of stores begin with it. */
export const limitName: option.Check<string> = option.withSchema(
  { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$' },
  (value, name) => {
    if (typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(value)) return value;
    throw option.invalid(name, 'must be a letter and up to 63 letters, digits and . _ -');
  },
);

/** A whole number; 0 for what is free. */
export type CostFunction = (principal: Principal, request: SecurityRequest) => number;

const wholeCost = option.wholeBetween(0, MOST);

const cost: option.Check<number | CostFunction> = option.withSchema(wholeCost.schema, (value, name) =>
  typeof value === 'function' ? (value as CostFunction) : wholeCost(value, name),
);

export const RATE_LIMIT = option.table('RateLimitOptions', {
  /** Names the limit to callers and to the operator, and its counts in the store. */
  name: limitName,
  /**
   * How much one key may use in a window: a number, or `{ claim: 'plan', values: { large: 10_000 }, otherwise: 100 }` by a claim
   * of the caller. Each of the values has counts of its own.
   */
  limit: limitAmount,
  /** The length of a window, in seconds. For a quota: many. */
  windowSeconds: option.wholeBetween(1, 31_622_400),
  /**
   * `fixed`: the window of a key begins with its first request. `sliding`: what was used in the window before counts by the
   * part of it that is still covered, so that a caller gets no double burst where two windows meet.
   */
  window: option.withDefault(option.oneOf('fixed', 'sliding'), 'fixed'),
  /**
   * What is counted apart: `principal`, `client`, `network`, `operation`, `everybody`, `{ claim: 'tenant' }`, or a function;
   * of a list, all together. Who has no client or no such claim is counted as principal, and who is anonymous by network.
   */
  by: limitKey,
  /** What a request costs: a whole number, or a function that returns one. */
  cost: option.withDefault(cost, 1),
  /** How many processes share the store. While it gives no answer, each grants this part of the limit, at least 1. */
  instances: option.withDefault(option.wholeBetween(1, 10_000), 1),
  /** How long the store may take, in milliseconds. */
  storeTimeoutMs: option.withDefault(option.between(1, 5_000), 50),
  /** The most keys whose counts this process keeps; of a limit by a claim, for each of its values. */
  maxEntries: option.withDefault(option.wholeBetween(1, 10_000_000), 100_000),
  /** Whether callers are told how they stand, by the fields `RateLimit` and `RateLimit-Policy`. */
  responseFields: option.withDefault(option.flag, true),
});

export interface RateLimitOptions extends option.Given<typeof RATE_LIMIT> {}

export const RATE_LIMIT_COLLABORATORS = option.table('RateLimitCollaborators', {
  /** The counts that several processes share. Default: this process counts by itself. */
  counterStore: option.optional(counterStoreCheck),
  clock: clockOption,
});

/** Services of a limit. */
export interface RateLimitCollaborators extends option.Given<typeof RATE_LIMIT_COLLABORATORS> {}

/** For configurations, which have the limit as data. */
export const rateLimitOptions: option.Table<option.Kept<typeof RATE_LIMIT>, RateLimitOptions> = RATE_LIMIT;
