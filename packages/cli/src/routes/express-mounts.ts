import { rememberMount } from './mounts.js';

type Use = (this: Stacked, ...given: unknown[]) => unknown;

/** A router, or an application with one: `_router` in Express 4, `router` in Express 5. */
interface Stacked {
  readonly stack?: readonly object[];
  readonly _router?: { readonly stack: readonly object[] };
  readonly router?: { readonly stack: readonly object[] };
}

/** A router of Express 4 or 5: Express 5 exports a class, Express 4 a function that its routers inherit from. */
export function watchExpressRouter(exported: unknown): unknown {
  if (typeof exported !== 'function') return exported;
  for (const owner of [exported, exported.prototype as unknown])
    if (hasMethods(owner, 'use', 'route', 'param', 'handle')) watchUse(owner, ({ stack }) => stack);
  return exported;
}

/** An application that is mounted in another is hidden in a function, so the application is remembered here. */
export function watchExpressApplication(exported: unknown): unknown {
  // Express 4 makes its router with the first `use`, and throws when asked for `router`.
  const routerOf = (owner: Stacked) => ('lazyrouter' in owner ? owner._router : owner.router);
  if (hasMethods(exported, 'use', 'route', 'param', 'handle', 'render'))
    watchUse(exported, (owner) => routerOf(owner)?.stack);
  return exported;
}

function hasMethods(value: unknown, ...names: readonly string[]): value is { use: Use } {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function');
}

function watchUse(owner: { use: Use }, stackOf: (owner: Stacked) => readonly object[] | undefined): void {
  const { use } = owner;
  owner.use = function (this: Stacked, ...given: unknown[]): unknown {
    const before = stackOf(this)?.length;
    const result = use.apply(this, given);
    const layers = stackOf(this) ?? [];
    const functions = functionsOf(given);
    // Express 4 puts two layers of its own into a router that it makes.
    const added = layers.slice(before ?? layers.length - functions.length);
    const path = functionsOf(given.slice(0, 1)).length > 0 ? '/' : given[0];
    added.forEach((layer, index) => {
      rememberMount(layer, { path, target: functions[index] });
    });
    return result;
  };
}

function functionsOf(given: readonly unknown[]): readonly unknown[] {
  return given.flat(Number.POSITIVE_INFINITY).filter((each) => typeof each === 'function');
}
