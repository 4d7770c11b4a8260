import { type Limit, rateLimit } from '@sallyport/core';
import { type CounterStore } from '@sallyport/core/extend';

/** Tiers of WSO2, in requests per minute. */
const TIERS = {
  '10PerMin': 10,
  '20PerMin': 20,
  '50PerMin': 50,
  Bronze: 1_000,
  Silver: 2_000,
  Gold: 5_000,
  Unauthenticated: 500,
  Unlimited: undefined,
} as const;

export type Tier = keyof typeof TIERS;

export const TIER_NAMES: readonly Tier[] = Object.keys(TIERS) as Tier[];

/** The tiers of a gateway. */
export interface Tiers {
  /** What an application may ask for, of all APIs together. There is one API here. */
  readonly application: Tier;
  /** What an application may ask for of one API. */
  readonly subscription: Tier;
  /** What a network may ask for, before anybody is authenticated. */
  readonly network: Tier;
}

/** The limits of an API. */
export interface Throttling {
  readonly limits: readonly Limit[];
  readonly guards: readonly Limit[];
}

/** The limits that these tiers are. `api` keeps the subscriptions of several APIs apart. */
export function throttling(
  { application, subscription, network }: Tiers,
  api: string,
  counterStore: CounterStore,
): Throttling {
  const limitOf = (name: string, tier: Tier, by: 'client' | 'network') => {
    const limit = TIERS[tier];
    return limit === undefined ? [] : [rateLimit({ name, limit, windowSeconds: 60, by }, { counterStore })];
  };
  return {
    limits: limitOf('network', network, 'network'),
    guards: [
      ...limitOf('application', application, 'client'),
      ...limitOf(`subscription.${api}`, subscription, 'client'),
    ],
  };
}
