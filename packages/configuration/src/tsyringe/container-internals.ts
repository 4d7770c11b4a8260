import { type DependencyContainer, type InjectionToken, Lifecycle } from './container.js';

interface Registration {
  readonly options: { readonly lifecycle: Lifecycle };
  readonly provider: unknown;
}

interface Registry {
  entries(): Iterable<[InjectionToken, Registration[]]>;
  setAll(token: InjectionToken, registrations: Registration[]): void;
}

/** What tsyringe keeps to itself, and offers no other way to. */
interface Internals {
  readonly parent?: DependencyContainer;
  readonly disposables: Set<{ dispose(): unknown }>;
  readonly _registry: Registry;
}

const internalsOf = (container: DependencyContainer) => container as unknown as Internals;

/**
 * A child in which everything that is scoped to a container exists anew. tsyringe sees to it for what the parent itself
 * knows; what came into a container further up after the parent was made, all children would share.
 */
export function scopedChild(parent: DependencyContainer): DependencyContainer {
  const child = parent.createChildContainer();
  const nearer = new Set<InjectionToken>();
  for (let each: DependencyContainer | undefined = parent; each !== undefined; each = internalsOf(each).parent) {
    for (const [token, registrations] of internalsOf(each)._registry.entries()) {
      if (!nearer.has(token) && registrations.some(isScoped)) {
        const anew = registrations.map((known) =>
          isScoped(known) ? { provider: known.provider, options: known.options } : known,
        );
        internalsOf(child)._registry.setAll(token, anew);
      }
      nearer.add(token);
    }
  }
  return child;
}

function isScoped({ options }: Registration): boolean {
  return options.lifecycle === Lifecycle.ContainerScoped;
}

/** What a container has built that has to be disposed of, last first. Left to itself it stops at the first that throws. */
export function takeDisposables(container: DependencyContainer): readonly { dispose(): unknown }[] {
  const { disposables } = internalsOf(container);
  const taken = [...disposables].reverse();
  disposables.clear();
  return taken;
}
