import type { Operation } from '../routes/operation.js';
import type { Policy, PolicyCompiler } from './policy-compiler.js';

/**
 * What requests need that are subject to several operations, since a router could run any of them. Compiled when such a
 * request comes first: contracts hold many operations that cover a path in common, and hardly a request for such a path.
 */
export class JointPolicies {
  readonly #compiler: PolicyCompiler;
  readonly #numbers: ReadonlyMap<Operation, number>;
  readonly #known = new Map<string, Policy | undefined>();

  constructor(operations: readonly Operation[], compiler: PolicyCompiler) {
    this.#compiler = compiler;
    this.#numbers = new Map(operations.map((operation, index) => [operation, index]));
  }

  /** Undefined where they cannot be asked together, such as handlers that claim the same credentials. */
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
