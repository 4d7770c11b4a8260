/** How grave a finding is, in the words of SARIF. */
export type Level = 'error' | 'warning' | 'note';

/** From the gravest to the least. */
export const LEVELS = ['error', 'warning', 'note'] as const satisfies readonly Level[];

/** What a command may find: a name that stays, how grave it is, and what it means. */
export interface Rule {
  readonly id: string;
  readonly level: Level;
  /** One sentence. */
  readonly summary: string;
}

/** Where something stands in a file. */
export interface Place {
  /** As it was given on the command line. */
  readonly file: string;
  /** JSON pointer (RFC 6901). */
  readonly pointer: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface Finding {
  readonly rule: Rule;
  readonly message: string;
  readonly place: Place;
}

/** Whether a finding is at least as grave as a level. */
export function isAtLeast(level: Level): (finding: Finding) => boolean {
  return ({ rule }) => LEVELS.indexOf(rule.level) <= LEVELS.indexOf(level);
}

/** By their place in the file; of the same place, the gravest first. */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (one, other) =>
      one.place.line - other.place.line ||
      one.place.column - other.place.column ||
      LEVELS.indexOf(one.rule.level) - LEVELS.indexOf(other.rule.level) ||
      one.message.localeCompare(other.message, 'en'),
  );
}
