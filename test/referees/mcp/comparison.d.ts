/** What the suite says about a scenario. */
export interface Verdict {
  /** By their ids. */
  readonly checks: ReadonlyMap<string, { readonly isGood: boolean; readonly text: string }>;
  /** Whether every call of the client was answered. */
  readonly isFinished?: boolean;
  /** The challenges of the suite's servers. */
  readonly refusals: readonly string[];
}

/**
 * @param known the scenarios that fail without us, each with its reason
 * @returns what is wrong with each scenario; nothing where that is empty
 */
export function compared(
  without: ReadonlyMap<string, Verdict>,
  withUs: ReadonlyMap<string, Verdict>,
  known: Readonly<Record<string, string>>,
): readonly { readonly name: string; readonly wrong: string }[];
