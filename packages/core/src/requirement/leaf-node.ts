import type { Eventually } from '../clock/eventually.js';
import type { Outcome } from '../handler/refusal.js';
import type { Leaf, Run } from './leaf.js';
import { Carries, type RequirementNode } from './requirement-node.js';

export class LeafNode implements RequirementNode {
  readonly #leaf: Leaf;

  constructor(leaf: Leaf) {
    this.#leaf = leaf;
  }

  isSatisfiable(run: Run): boolean {
    return this.#leaf.isPresent(run);
  }

  carries(run: Run): Carries {
    if (!this.#leaf.isPresent(run)) return Carries.Nothing;
    return this.#leaf.ambient ? Carries.Ambient : Carries.Explicit;
  }

  evaluate(run: Run): Eventually<Outcome> {
    return this.#leaf.verify(run);
  }
}
