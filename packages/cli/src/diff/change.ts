/** What a difference means for callers, the most dangerous first. */
export const EFFECTS = ['opens to everybody', 'opens', 'may open', 'adds', 'changes', 'closes', 'removes'] as const;

export type Effect = (typeof EFFECTS)[number];

/** One difference of what is enforced. */
export interface Change {
  readonly effect: Effect;
  /** The operation, the handler or the option. */
  readonly what: string;
  /** What was needed before; undefined where that is not told. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Whether somebody may be let in who was not. */
export function opensSomething({ effect }: Change): boolean {
  return effect === 'opens to everybody' || effect === 'opens' || effect === 'may open';
}

/** The most dangerous first, then by name. */
export function byDanger(one: Change, other: Change): number {
  const dangers = EFFECTS.indexOf(one.effect) - EFFECTS.indexOf(other.effect);
  return dangers || (one.what < other.what ? -1 : Number(one.what > other.what));
}
