/** What this process knows of one key in one window. */
export interface Tally {
  /** When the window ends, on the clock of its kind. */
  endsAtMs: number;
  /** What is used by all processes, as far as this one knows: never more than it is. */
  count: number;
  /** What this process has granted. */
  own: number;
  /** What this process has granted, and the store does not know yet. */
  unsent: number;
  /** What was used in the window before by all processes; undefined if it is not known yet. For sliding windows. */
  before: number | undefined;
  ownBefore: number;
}

export function newTally(): Tally {
  return { endsAtMs: Number.NEGATIVE_INFINITY, count: 0, own: 0, unsent: 0, before: undefined, ownBefore: 0 };
}
