/** Notices in the order in which they were published. */
export interface ReceivedNotices {
  readonly notices: readonly string[];
  /** False when there may be more: the bus did not answer, or not in time. */
  readonly isComplete: boolean;
  /** True when the bus lost notices that it had, maybe some that were not received yet. Said once. Default false. */
  readonly hasGap?: boolean | undefined;
}

/**
 * Carries revocations between instances. The extension point for message brokers; notices are opaque, sealed texts.
 * It may lose, repeat, delay and reorder them: lifetimes of cached answers stay the guarantee.
 */
export interface RevocationBus {
  /** Tells all instances, and those that start later. Never rejects: false when that is not certain. */
  publish(notice: string): Promise<boolean>;
  /**
   * What was published since the last call; at first everything that is kept. Never rejects, and settles within tens of
   * milliseconds. Calls do not overlap.
   */
  receive(): Promise<ReceivedNotices>;
  /** Calls `listener` with every notice as it is published, from now on. */
  listen(listener: (notice: string) => void): Promise<void>;
  /** Ends what `listen` began. */
  close(): Promise<void>;
}
