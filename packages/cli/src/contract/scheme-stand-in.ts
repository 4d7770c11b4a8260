import type { SecurityHandler } from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';

/** Stands for whatever proves a security scheme, where a contract is only compiled and shown. It lets nobody in. */
export function schemeStandIn(name: string): SecurityHandler {
  return {
    name,
    challenges: [challenge('StandIn')],
    extract: () => undefined,
    verify() {
      throw new Error('a stand-in decides nothing');
    },
  };
}
