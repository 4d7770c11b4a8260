/** One rule that every handler, guard, store or adapter has to keep. */
export interface Rule {
  readonly id: string;
  /** The rule in words: the title of a test. */
  readonly title: string;
  /** Rejects with a `BrokenRule` when the rule is not kept. */
  readonly check: () => Promise<void>;
}

/**
 * The error of a rule that is not kept: what was asked, what was expected and what came. Cases of handlers and guards are
 * named by their place in the list, never by their content.
 * @example
 * const [rule] = guardRules(() => requireRoles('admin'), { permitted: [{ principal: admin }], refused: [{}] });
 * await rule?.check().catch((error) => {
 *   if (error instanceof BrokenRule) log.error(error.message);
 * });
 */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

const LONGEST = 80;

/** What a rule sent or got, for its message. Not for what cases carry. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/**
 * For rules of your own: breaks the rule with these words, unless it is kept.
 * @throws {BrokenRule}
 * @example
 * const found = [...'abc'].length;
 * expectRule(found === 3, `there are ${found}, not 3`);
 */
export function expectRule(isKept: boolean, breach: string): asserts isKept {
  if (!isKept) throw new BrokenRule(breach);
}

/**
 * Runs all rules, for test runners where a loop does not fit: `await assertRules(handlerRules(factory, cases))`.
 * @throws {AggregateError} naming every rule that is not kept
 * @example
 * await assertRules(guardRules(() => requireRoles('admin'), { permitted: [{ principal: admin }], refused: [{}] }));
 */
export async function assertRules(rules: readonly Rule[]): Promise<void> {
  const breaches: unknown[] = [];
  for (const { id, check } of rules) {
    await check().catch((error: unknown) => {
      breaches.push(error instanceof BrokenRule ? new BrokenRule(`${id}: ${error.message}`) : error);
    });
  }
  if (breaches.length > 0) throw new AggregateError(breaches, breaches.map(String).join('\n'));
}

/** A rule that is not yet bound to the object it checks. */
export type RuleRow<Subject> = readonly [id: string, title: string, check: (subject: Subject) => void | Promise<void>];
