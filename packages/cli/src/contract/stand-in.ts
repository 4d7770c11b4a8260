import { type Guard, guard, type SecurityHandler } from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';

/**
 * Stands for whatever proves a security scheme, or for a handler, where requirements are only compiled and shown. It lets
 * nobody in.
 * @param index tells apart the sources of several
 */
export function standIn(name: string, index: number): SecurityHandler {
  return {
    name,
    source: `header:stand-in-${index}`,
    challenges: [challenge('StandIn')],
    extract: () => undefined,
    verify() {
      throw new Error('a stand-in decides nothing');
    },
  };
}

/** Stands for a guard of the application that a document names in `x-sallyport`. */
export function standInGuard(name: string): Guard {
  return guard(name, () => {
    throw new Error('a stand-in decides nothing');
  });
}
