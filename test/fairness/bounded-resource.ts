import type { SecurityHandler } from '@sallyport/core';
import type { Clock } from '@sallyport/core/extend';

/** What a bounded resource is opened with. */
export interface FloodServices {
  readonly clock: Clock;
  /** How long whatever is asked takes to answer: some turns by day, a tenth of a second by night. */
  readonly pause: () => Promise<unknown>;
}

/** Something that is bounded, and that a flood may try to use up: a handler, and what its callers send. */
export interface BoundedResource {
  readonly handler: SecurityHandler;
  /** How many callers at once are more than it has places for. */
  readonly crowd: number;
  /** The Authorization header of a caller that was good before; what it costs is not remembered. */
  good(caller: number): string;
  /** That of a caller who is good and was never seen. */
  newcomer(serial: number): string;
  /** That of somebody who is refused, and takes as much as he can get. */
  junk(serial: number): string;
  /** How many requests with junk found no place, where `refusals` tells how many were refused for a reason. */
  turnedAway(refusals: (reason: string) => number): number;
  /** Something that happens in the middle of a flood, and costs good callers a lookup. */
  disturb?(): void;
  close(): Promise<void>;
}

/** One row of the suite. */
export interface BoundedResourceRow {
  readonly name: string;
  open(services: FloodServices): Promise<BoundedResource>;
}
