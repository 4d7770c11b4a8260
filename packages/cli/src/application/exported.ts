import type { LiveApplication } from '../routes/live-route.js';

type Read = (value: unknown) => Promise<LiveApplication | undefined>;

/**
 * What the application that a module exports serves: its default export, or `app`. A promise is awaited, and a function
 * that is no application itself is called to make one.
 */
export async function exportedRoutes(exported: unknown, read: Read): Promise<LiveApplication | undefined> {
  for (const candidate of candidatesOf(exported)) {
    const value = await candidate;
    const known = (await read(value)) ?? (typeof value === 'function' ? await read(await value()) : undefined);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** A CommonJS module that was compiled from an ES module has its default export in a default export. */
function candidatesOf(exported: unknown): readonly unknown[] {
  const { default: main, app } = exported as { readonly default?: unknown; readonly app?: unknown };
  const inner = typeof main === 'object' && main !== null ? (main as { default?: unknown; app?: unknown }) : {};
  const isApplication = (value: unknown) => value !== undefined;
  return [main, app, inner.default, inner.app].filter(isApplication);
}
