import type { Guard, Lease, LeaseEnd } from '@sallyport/core';
import { leaseOptions, type LeaseOptions as OfLease, option } from '@sallyport/core/extend';
import type { Closable } from '../gate/closable.js';
import { chainOf, type Grant } from '../gate/grant.js';
import { closeAnswer, whenClosed } from './close-answer.js';
import { JoinedLease } from './joined-lease.js';
import { grantAbout } from './principal.js';

export const LEASE_OF = option.table('LeaseOfOptions', {
  /** What the lease ends. Default: the answer to the request, or the socket of an upgrade. */
  closes: option.unchecked<Closable | undefined>(),
  /** Called at the end, before anything is closed: for a last message. */
  onEnd: option.optional(option.callable<(end: LeaseEnd) => void>()),
  /** How long a client may take to close its side, in seconds. Then it is cut off. */
  graceSeconds: option.withDefault(option.between(0, 60), 5),
});

export const leaseOfOptions = option.merged(LEASE_OF, leaseOptions);

/** How `leaseOf` lets an answer or a connection go on. */
export interface LeaseOptions extends option.Given<typeof LEASE_OF>, OfLease {}

/**
 * Lets a granted request go on for as long as it stays granted: an event stream, a long answer, a socket. It ends when the
 * credential expires or is revoked, when a guard that is asked again refuses, and when the chain is closed; then the answer
 * or socket is closed. Where that is over before, the lease is released. Takes what `principalOf` takes.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID if no chain has granted the request; ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * app.get('/events', secure(), (request, response) => {
 *   response.writeHead(200, { 'content-type': 'text/event-stream' });
 *   const timer = setInterval(() => response.write('data: tick\n\n'), 1_000);
 *   leaseOf(request).onEnd(() => clearInterval(timer));
 * });
 */
export function leaseOf(request: object, options: LeaseOptions = {}): Lease {
  const { closes, onEnd, graceSeconds, recheckSeconds } = leaseOfOptions(options);
  const last = grantAbout(request);
  if (last === undefined) throw option.invalid('request', 'was granted by no chain: there is nothing to go on');
  const lease = joined(passagesOf(last), recheckSeconds);
  const closable = closes ?? last.source.answer;
  if (onEnd !== undefined) lease.onEnd(onEnd);
  if (closable !== undefined) {
    lease.onEnd((end) => end !== 'released' && closeAnswer(closable, end, graceSeconds * 1_000));
    whenClosed(closable, () => lease.release());
  }
  // An answer that waits behind another one of its connection is never told that this is closed.
  last.source.onClose?.(() => lease.release());
  return lease;
}

/** What one chain has granted the request by one reading of it, and the guards that permitted it there. */
interface Granted {
  readonly grant: Grant;
  readonly guards: Guard[];
}

/** One for each chain and reading, the last first. What a chain granted last holds all that it had granted before. */
function passagesOf(last: Grant): readonly [Granted, ...Granted[]] {
  const first = { grant: last, guards: guardsOf(last) };
  const others: Granted[] = [];
  for (let grant = last.before; grant !== undefined; grant = grant.before) {
    const { decider, source } = grant;
    const isSame = ({ grant: other }: Granted) =>
      chainOf(other.decider) === chainOf(decider) &&
      other.source.method === source.method &&
      other.source.target === source.target;
    const known = [first, ...others].find(isSame);
    if (known === undefined) others.push({ grant, guards: guardsOf(grant) });
    else known.guards.unshift(...guardsOf(grant).filter((guard) => !known.guards.includes(guard)));
  }
  return [first, ...others];
}

function guardsOf({ guard }: Grant): Guard[] {
  return guard === undefined ? [] : [guard];
}

function joined(passages: readonly [Granted, ...Granted[]], recheckSeconds: number): Lease {
  const decisions = passages.map(({ grant }) => grant.decision);
  const leases = passages.map(({ grant: { decider, decision, source }, guards }) => {
    const chain = chainOf(decider);
    if (chain.lease === undefined) throw option.invalid('chain', 'grants no leases: it has no method lease()');
    return chain.lease(decision, source, { guards, others: decisions, recheckSeconds });
  }) as [Lease, ...Lease[]];
  return leases.length === 1 ? leases[0] : new JoinedLease(leases);
}
