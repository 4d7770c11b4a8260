import type { LeaseEnd } from '@sallyport/core';
import type { LeaseSetting } from '../core/leases/lease-fixture.js';

/** Each way in which the lease of alice ends: the status code of her WebSocket, and what happens. */
export const ENDINGS: readonly (readonly [LeaseEnd, number, (setting: LeaseSetting) => unknown])[] = [
  ['expired', 4401, ({ clock }) => clock.pass(61)],
  ['revoked', 4401, ({ revocations }) => revocations.revokeToken('alice')],
  [
    'denied',
    4403,
    ({ banned, clock }) => {
      banned.add('alice');
      clock.pass(11);
    },
  ],
  ['closed', 1001, ({ chain }) => chain.close()],
];

export async function until(isSo: () => boolean): Promise<void> {
  const giveUp = performance.now() + 3_000;
  while (!isSo()) {
    if (performance.now() > giveUp) throw new Error('it never came so far');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
