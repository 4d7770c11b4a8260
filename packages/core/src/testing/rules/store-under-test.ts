import type { Eventually } from '../../clock/eventually.js';
import type { Rule, RuleRow } from './rule.js';

/** An empty store, opened for one rule. */
export interface StoreUnderTest<Store> {
  readonly store: Store;
  /** Lets this many milliseconds pass for the store. A store whose clock cannot be set waits for them. */
  pass(milliseconds: number): Eventually<void>;
  /** Called after the rule, whether it was kept or not. */
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
