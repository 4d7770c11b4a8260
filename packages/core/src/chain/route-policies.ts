import type { SecurityHandler } from '../handler/handler.js';
import type { Refusal } from '../handler/refusal.js';
import type { SecurityRequest } from '../request/request.js';
import type { Policies, PolicyTable } from './policy.js';
import type { Policy } from './policy-compiler.js';
import { onOperation, PolicyPairs } from './policy-pairs.js';

/** The policies of a route with a requirement of its own. What the chain's operations want, they want there, too. */
export class RoutePolicies implements Policies {
  readonly table: PolicyTable;
  readonly #own: Policy;
  readonly #onOperations = new PolicyPairs(onOperation);
  #warmUp: (() => Promise<Refusal | undefined>) | undefined;
  #warming: Promise<Refusal | undefined> | undefined;

  /**
   * `warmUp` starts the handlers that the route brings into a chain that has started already. It comes to a refusal if
   * that fails: the next request tries again.
   */
  constructor(table: PolicyTable, own: Policy, warmUp: (() => Promise<Refusal | undefined>) | undefined) {
    this.table = table;
    this.#own = own;
    this.#warmUp = warmUp;
  }

  get handlers(): readonly SecurityHandler[] {
    return this.table.handlers;
  }

  get loading(): Promise<unknown> | undefined {
    return this.#warmUp && this.#warm(this.#warmUp);
  }

  readsBodies(method: string): boolean {
    return this.table.readsBodies(method, this.#own);
  }

  find(request: SecurityRequest): Policy | undefined {
    const found = this.table.find(request, this.#own);
    return found === undefined || found === this.#own ? found : this.#onOperations.of(found, this.#own);
  }

  #warm(warmUp: () => Promise<Refusal | undefined>): Promise<Refusal | undefined> {
    this.#warming ??= warmUp().then((refusal) => {
      this.#warming = undefined;
      if (refusal === undefined) this.#warmUp = undefined;
      return refusal;
    });
    return this.#warming;
  }
}
