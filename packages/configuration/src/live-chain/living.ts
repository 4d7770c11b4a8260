/** Objects of somebody else, in the order in which they came, as long as they are in use there. */
export class Living<Item extends object> {
  readonly #known = new WeakSet<Item>();
  readonly #items = new Set<WeakRef<Item>>();
  readonly #gone = new FinalizationRegistry<WeakRef<Item>>((item) => this.#items.delete(item));

  add(item: Item): void {
    if (this.#known.has(item)) return;
    const held = new WeakRef(item);
    this.#known.add(item);
    this.#items.add(held);
    this.#gone.register(item, held);
  }

  get items(): readonly Item[] {
    return [...this.#items].flatMap((held) => held.deref() ?? []);
  }
}
