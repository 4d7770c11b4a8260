import type { Eventually } from '../../clock/eventually.js';
import { within } from './call-result.js';
import { BrokenRule, expectRule, type Rule, type RuleRow, shown } from './rule.js';

/** An empty store, opened for one rule. */
export interface StoreUnderTest<Store> {
  readonly store: Store;
  /** Lets this many milliseconds pass for the store. A store whose clock cannot be set waits for them. */
  pass(milliseconds: number): Eventually<void>;
  /** Called after the rule, whether it was kept or not. */
  close?(): Eventually<void>;
}

/**
 * For rules of your own about a kind of store. Each row is a rule: its id, its title, and what it does to an empty store. `methods`
 * are those that the store must have, and the only ones that a rule can call: a call that throws or stays without an answer
 * breaks the rule, and says which it was.
 * @example
 * const empty: RuleRow<StoreUnderTest<Set<string>>> = [
 *   'empty',
 *   'an empty store has nothing',
 *   async ({ store }) => expectRule((await store.has('a')) === false, 'has() is not false'),
 * ];
 * const rules = storeRules<Set<string>>(['has'], [empty], () => ({ store: new Set(), pass() {} }));
 */
export function storeRules<Store>(
  methods: readonly (keyof Store & string)[],
  rows: readonly RuleRow<StoreUnderTest<Store>>[],
  open: () => Eventually<StoreUnderTest<Store>>,
): readonly Rule[] {
  return rows.map(([id, title, check]) => ({
    id,
    title,
    check: async () => {
      const subject = await open();
      expectRule(typeof subject?.pass === 'function', 'the function opened no store: it needs store and pass()');
      try {
        await check({ store: answering(subject.store, methods), pass: (milliseconds) => subject.pass(milliseconds) });
      } finally {
        await subject.close?.();
      }
    },
  }));
}

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;

/** The store, as a rule asks it: a call that throws or stays without an answer breaks the rule, and says which it was. */
function answering<Store>(store: Store, methods: readonly (keyof Store & string)[]): Store {
  const asked = store as Methods | undefined;
  const missing = methods.filter((method) => typeof asked?.[method] !== 'function');
  expectRule(missing.length === 0, `the store has no method ${missing.map((method) => `${method}()`).join(', ')}`);
  const calls = methods.map((method) => {
    const call = (...given: readonly unknown[]) => answerOf(asked as Methods, method, given);
    return [method, call] as const;
  });
  return Object.fromEntries(calls) as Store;
}

/** Shorter than the time that test runners give a test. */
const LONGEST_ANSWER_MS = 2_000;
const SILENT = Symbol('silent');

async function answerOf(store: Methods, method: string, given: readonly unknown[]): Promise<unknown> {
  const call = `${method}(${given.map(shown).join(', ')})`;
  const asked = (async () => store[method]?.(...given))();
  const answer = await within<unknown>(asked, SILENT, LONGEST_ANSWER_MS).catch((error: unknown) => {
    throw new BrokenRule(`${call} threw ${String(error)}`, { cause: error });
  });
  expectRule(answer !== SILENT, `${call} did not answer within ${LONGEST_ANSWER_MS} ms`);
  return answer;
}
