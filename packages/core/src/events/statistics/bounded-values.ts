/** Stands for all values that came too late. */
export const OTHER_VALUE = '_OTHER';

const MAX_VALUES = 128;

/** Bounds the number of values of one kind: handlers of others may invent reason codes while they run. */
export class BoundedValues {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most: number = MAX_VALUES) {
    this.#most = most;
  }

  /** The value; `_OTHER` for every new value after the first 128, or as many as were asked for. */
  bounded(value: string | undefined): string | undefined {
    if (value === undefined || this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return OTHER_VALUE;
    this.#known.add(value);
    return value;
  }
}
