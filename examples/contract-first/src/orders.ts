/** An order, as callers get it. */
export interface Order {
  readonly id: number;
  readonly item: string;
  readonly orderedBy: string;
}

/** The work of this service. It knows nothing of security. */
export class Orders {
  readonly #orders: Order[] = [];

  all(): readonly Order[] {
    return this.#orders;
  }

  find(id: string): Order | undefined {
    return this.#orders[Number(id) - 1];
  }

  /** Undefined for a body that is no order. */
  add(body: unknown, orderedBy: string): Order | undefined {
    const { item } = (body ?? {}) as { item?: unknown };
    if (typeof item !== 'string' || item === '') return undefined;
    const order = { id: this.#orders.length + 1, item, orderedBy };
    this.#orders.push(order);
    return order;
  }
}
