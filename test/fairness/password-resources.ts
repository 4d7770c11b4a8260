import { BasicHandler, type BasicHandlerOptions } from '@sallyport/handlers/basic';
import { accountOf, basic, CHEAP } from '../handlers/basic/basic-fixture.js';
import type { BoundedResource, BoundedResourceRow, FloodServices } from './bounded-resource.js';

/** Accounts of good callers and newcomers, without end, with one password. */
async function passwords(
  { clock }: FloodServices,
  options: Partial<BasicHandlerOptions>,
  junk: BoundedResource['junk'],
): Promise<BoundedResource> {
  const { hash } = await accountOf('any', 'right');
  const find = (name: string) => (/^(?:good|new) \d+$/.test(name) ? { name, hash } : undefined);
  const handler = new BasicHandler({ realm: 'test', users: { find }, hashing: CHEAP, ...options }, { clock });
  return {
    handler,
    crowd: 64,
    good(caller) {
      handler.invalidate(`good ${caller}`);
      return basic(`good ${caller}`, 'right');
    },
    newcomer: (serial) => basic(`new ${serial}`, 'right'),
    junk,
    turnedAway: (refusals) => refusals('err_sallyport_upstream_overloaded') + refusals('rate_limited'),
    close: async () => {},
  };
}

const queue = { maxConcurrent: 1, maxWaiting: 16 };
/** So large a budget that a flood finds the queue full for as long as it lasts. */
const UNSPENT = 1_000_000;

export const PASSWORD_RESOURCES: readonly BoundedResourceRow[] = [
  {
    name: 'the hash queue, flooded with made-up users',
    open: (services) =>
      passwords(services, { queue, failures: { perNetwork: UNSPENT } }, (serial) => basic(`nobody ${serial}`, 'x')),
  },
  {
    name: 'failure counters, flooded with guesses for the accounts of good callers',
    open: (services) =>
      passwords(services, { queue, failures: { perNetwork: 20, perAccount: 10 } }, (serial) =>
        basic(`good ${serial % 4}`, `guess ${serial}`),
      ),
  },
];
