import * as option from '../options/options.js';

/** Notices in the order in which they were published. */
export interface ReceivedNotices {
  readonly notices: readonly string[];
  /** False when there may be more: the bus did not answer, or not in time. */
  readonly isComplete: boolean;
  /** True when the bus lost notices, perhaps some that were never received. Reported once. Default false. */
  readonly hasGap?: boolean | undefined;
  /**
   * True while this instance holds notices of its own that it may have to send again. Then the next call comes within a
   * second, even if no request needs it: a process that only revokes finds a loss as well. Default false.
   */
  readonly hasOwn?: boolean | undefined;
}

/**
 * Carries revocations between instances. The extension point for message brokers; notices are opaque, sealed texts.
 * It may lose, repeat, delay and reorder them: lifetimes of cached answers stay the guarantee.
 */
export interface RevocationBus {
  /** Sends a notice to all instances, also to those that start later. Never rejects; false if delivery is not certain. */
  publish(notice: string): Promise<boolean>;
  /**
   * Everything published since the last call; on the first call everything that the bus has kept. Never rejects, and
   * settles within tens of milliseconds. Calls do not overlap. After a second, lookups go on without the answer, as if it
   * were incomplete.
   */
  receive(): Promise<ReceivedNotices>;
  /** Calls `listener` with every notice as it is published, from now on. Settles within a minute. */
  listen(listener: (notice: string) => void): Promise<void>;
  /** Stops listening. */
  close(): Promise<void>;
}

/** The check of an option that is a revocation bus. */
export const revocationBusCheck: option.Check<RevocationBus> = option.having('publish', 'receive', 'listen', 'close');
