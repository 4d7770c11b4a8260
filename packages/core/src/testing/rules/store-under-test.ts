import type { Eventually } from '../../clock/eventually.js';
import type { Rule, RuleRow } from './rule.js';

/** An empty store, opened for one rule. */
export interface StoreUnderTest<Store> {
  readonly store: Store;
  /** Lets so many milliseconds pass for what the store keeps; where its clock cannot be set, by waiting for them. */
  pass(milliseconds: number): Eventually<void>;
  /** Called when the rule was tried, whatever came of it. */
  close?(): Eventually<void>;
}

export function storeRules<Store>(
  rows: readonly RuleRow<StoreUnderTest<Store>>[],
  open: () => Eventually<StoreUnderTest<Store>>,
): readonly Rule[] {
  return rows.map(([id, title, check]) => ({
    id,
    title,
    check: async () => {
      const subject = await open();
      try {
        await check(subject);
      } finally {
        await subject.close?.();
      }
    },
  }));
}
