import type { Operation } from '../routes/operation.js';
import type { Policy, PolicyCompiler } from './policy-compiler.js';

/**
 * Policies for requests that match several operations. A router could run any of them, so the request has to satisfy all.
 * A policy is compiled with the first such request: a contract has many combinations, and few are ever requested.
 */
export class JointPolicies {
  readonly #compiler: PolicyCompiler;
  readonly #numbers: ReadonlyMap<Operation, number>;
  readonly #known = new Map<string, Policy | undefined>();

  constructor(operations: readonly Operation[], compiler: PolicyCompiler) {
    this.#compiler = compiler;
    this.#numbers = new Map(operations.map((operation, index) => [operation, index]));
  }

  /** Undefined if the operations cannot be combined, for example because two handlers take the same credentials. */
  of(operations: readonly [Operation, ...Operation[]]): Policy | undefined {
    const key = operations.map((operation) => this.#numbers.get(operation)).join();
    if (!this.#known.has(key)) this.#known.set(key, this.#compile(operations));
    return this.#known.get(key);
  }

  #compile(operations: readonly [Operation, ...Operation[]]): Policy | undefined {
    try {
      return this.#compiler.policyOf(...operations);
    } catch {
      return undefined;
    }
  }
}
