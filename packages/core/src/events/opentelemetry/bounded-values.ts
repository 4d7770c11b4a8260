const MAX_VALUES = 128;

/** Keeps an attribute from growing without end: handlers of others may make reason codes up as they go. */
export class BoundedValues {
  readonly #known = new Set<string>();

  /** The value, or `_OTHER` for one that comes after 128 distinct ones. */
  bounded(value: string | undefined): string | undefined {
    if (value === undefined || this.#known.has(value)) return value;
    if (this.#known.size >= MAX_VALUES) return '_OTHER';
    this.#known.add(value);
    return value;
  }
}
