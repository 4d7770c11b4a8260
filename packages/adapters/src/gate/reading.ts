import type { Decision } from '@sallyport/core';
import type { Eventually, IncomingRequest } from '@sallyport/core/extend';
import type { Closable } from './closable.js';

/** A request as it runs at the place where the chain is asked. */
export interface Reading extends IncomingRequest {
  /** How else the request can be read: as it was received, where the application rewrote it. Undefined for most. */
  readonly others?: readonly OtherReading[] | undefined;
  /** Set once the route was asked for, by adapters that cannot be sure of it. */
  readonly byPath?: PathReading | undefined;
  /** The answer, or the socket of an upgrade: what a lease ends. Undefined where the platform shows neither. */
  readonly answer?: Closable | undefined;
}

/** A request whose answer may be over before it is decided about. */
export interface AnswerableReading extends Reading {
  /** Whether the request was answered already, or the client is gone. */
  readonly isOver: boolean;
}

/** The same request by its path alone: the route that the framework tells may be one that the request has left. */
export interface PathReading {
  readonly source: Reading;
  /** The path in the spelling of the route, for paths that only its router takes for the same. */
  respelt(): Reading;
}

/** A reading of a request that must be granted as well. What is granted to it is kept on its `carrier`. */
export interface OtherReading {
  readonly carrier: object;
  readonly source: Reading;
}

/** Asks for the other readings one after the other, and for the one that runs last. The first refusal is the answer. */
export function decideAll(
  others: readonly OtherReading[],
  decide: (carrier: object, source: Reading) => Eventually<Decision>,
  decideRunning: () => Eventually<Decision>,
  index = 0,
): Eventually<Decision> {
  const reading = others[index];
  if (reading === undefined) return decideRunning();
  const goOn = (decision: Decision): Eventually<Decision> =>
    decision.kind === 'denied' ? decision : decideAll(others, decide, decideRunning, index + 1);
  const decision = decide(reading.carrier, reading.source);
  return decision instanceof Promise ? decision.then(goOn) : goOn(decision);
}
