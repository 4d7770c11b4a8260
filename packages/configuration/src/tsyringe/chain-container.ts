import type { ConfigurationError } from '@sallyport/core';
import { type Patience, runWithin } from '@sallyport/core/extend';
import type { DependencyContainer, InjectionToken } from './container.js';
import { unusable } from './registration-errors.js';

/** A token that the container is resolving. */
interface Step {
  readonly token: InjectionToken;
  /** Whether what is built without a registration belongs to the chain. */
  readonly isOfChain: boolean;
}

/** One thing that the chain asks for. */
interface Request {
  /** The outermost first. */
  readonly steps: Step[];
  /** The error of a circle. tsyringe passes on only its message. */
  circle?: ConfigurationError;
}

interface Disposable {
  dispose(): unknown;
}

/**
 * The child container of one chain. It sees everything that is resolved there: tsyringe asks `resolve` and `resolveAll`
 * of the same container for the collaborators of a class, too.
 */
export class ChainContainer {
  readonly inner: DependencyContainer;
  #request: Request | undefined;
  /** What was resolved, in this order, and whether it belongs to the chain if tsyringe built it here. */
  readonly #resolved = new Map<object, boolean>();
  /** The stand-ins of `delay()`. To look at one would build what it stands for. */
  readonly #standIns = new WeakSet<object>();

  constructor(parent: DependencyContainer) {
    this.inner = parent.createChildContainer();
    for (const method of ['resolve', 'resolveAll'] as const) {
      const original: (...call: [InjectionToken]) => unknown = this.inner[method];
      const watched = (...call: [InjectionToken]) =>
        this.#step(call[0], () => Reflect.apply(original, this.inner, call));
      Reflect.defineProperty(this.inner, method, { value: watched, configurable: true });
    }
  }

  /**
   * Resolves what the chain itself asks for.
   * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_INVALID for collaborators that need each other in a circle
   */
  request<Value>(resolve: (container: DependencyContainer) => Value): Value {
    const outer = this.#request;
    const request: Request = { steps: [] };
    this.#request = request;
    try {
      return resolve(this.inner);
    } catch (error) {
      throw request.circle ?? error;
    } finally {
      this.#request = outer;
    }
  }

  /**
   * Disposes of what tsyringe built for this chain alone, last built first. Each has the time limit, and a failure of one
   * does not stop the others.
   */
  async dispose(limit: Patience, failures: unknown[]): Promise<void> {
    const built = await this.#builtHere(limit, failures);
    const collaborators = [...this.#resolved].filter(([each, isOfChain]) => isOfChain && built.has(each));
    for (const [collaborator] of collaborators.reverse()) {
      const disposal = () => (collaborator as Disposable).dispose();
      await runWithin(limit, 'a collaborator was not disposed of', disposal).catch((error) => failures.push(error));
    }
    this.#resolved.clear();
  }

  #step(token: InjectionToken, resolve: () => unknown): unknown {
    const steps = this.#request?.steps ?? [];
    if (steps.some((step) => step.token === token)) throw this.#circleOf(token);
    const isOfChain = this.#isOfChain(token);
    steps.push({ token, isOfChain });
    try {
      const result = resolve();
      for (const each of Array.isArray(result) ? result : [result]) this.#note(each, token, isOfChain);
      return result;
    } finally {
      steps.pop();
    }
  }

  /** tsyringe would follow a circle for seconds, until the stack is full. */
  #circleOf(token: InjectionToken): ConfigurationError {
    const fix = 'Let one of its collaborators ask later, for instance with delay()';
    const circle = unusable(token, `needs itself to be built. ${fix}`);
    if (this.#request !== undefined) this.#request.circle = circle;
    return circle;
  }

  /**
   * Only the chain's own container copies what is scoped to a container, so that is of the chain. Another registration
   * is the application's, with all that is built for it: it may be a singleton, which tsyringe does not tell. What is
   * not registered is of whoever needs it. After the chain was built, nobody can tell who that is.
   */
  #isOfChain(token: InjectionToken): boolean {
    if (this.inner.isRegistered(token)) return true;
    if (this.#request === undefined || this.inner.isRegistered(token, true)) return false;
    return this.#request.steps.at(-1)?.isOfChain ?? true;
  }

  #note(result: unknown, token: InjectionToken, isOfChain: boolean): void {
    if (typeof result !== 'object' || result === null || this.#standIns.has(result)) return;
    if (typeof token === 'object') this.#standIns.add(result);
    else if (!this.#resolved.has(result)) this.#resolved.set(result, isOfChain);
  }

  /**
   * The objects that tsyringe built in this container. It tells only by calling their `dispose()`: it would not wait for
   * one after the other, and stop at one that throws. So each has for that moment a `dispose()` that only notes the call.
   * tsyringe itself disposes of a frozen object, which takes no other `dispose()`.
   */
  async #builtHere(limit: Patience, failures: unknown[]): Promise<ReadonlySet<object>> {
    const built = new Set<object>();
    const undo: (() => void)[] = [];
    for (const each of this.#resolved.keys()) {
      try {
        undo.push(withDispose(each, () => built.add(each)));
      } catch (error) {
        failures.push(error);
      }
    }
    const disposal = runWithin(limit, 'the container was not disposed of', () => this.inner.dispose());
    // tsyringe has called all of them by now. The application's objects get their methods back at once.
    for (const each of undo) each();
    await disposal.catch((error) => failures.push(error));
    return built;
  }
}

/** Gives an object another `dispose()` if it has one. Returns what gives it back. */
function withDispose(target: object, dispose: () => unknown): () => void {
  if (typeof Reflect.get(target, 'dispose') !== 'function') return () => {};
  const own = Reflect.getOwnPropertyDescriptor(target, 'dispose');
  Reflect.defineProperty(target, 'dispose', { value: () => void dispose(), configurable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, 'dispose');
    else Reflect.defineProperty(target, 'dispose', own);
  };
}
