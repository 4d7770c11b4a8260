import { type DependencyContainer, type InjectionToken, Lifecycle } from './container.js';

interface Registration {
  readonly options: { readonly lifecycle: Lifecycle };
  readonly provider: unknown;
}

interface Registry {
  entries(): Iterable<[InjectionToken, Registration[]]>;
  setAll(token: InjectionToken, registrations: Registration[]): void;
}

/** Internals of tsyringe. It has no public way to them. */
interface Internals {
  readonly parent?: DependencyContainer;
  readonly disposables: Set<{ dispose(): unknown }>;
  readonly _registry: Registry;
}

const internalsOf = (container: DependencyContainer) => container as unknown as Internals;

/**
 * A child container with new instances of everything that is container-scoped. tsyringe itself does this only for
 * registrations of the parent. All children would share what was added further up after the parent was made.
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

/**
 * Takes the disposable instances out of a container, the last built first. tsyringe's own `dispose` stops at the first
 * that throws.
 */
export function takeDisposables(container: DependencyContainer): readonly { dispose(): unknown }[] {
  const { disposables } = internalsOf(container);
  const taken = [...disposables].reverse();
  disposables.clear();
  return taken;
}
