import type { Standing } from './good-before.js';

/** A caller that asks for a place. Each request for a place has its own object, which identifies the place. */
export interface Applicant {
  readonly address: string | undefined;
  readonly standing: Standing;
  /** False when other callers of its network go first. Default true. */
  readonly isReady?: boolean;
  /** Called when its turn comes, perhaps during `enter`. The place is kept until `leave`. */
  start(): void;
  /** Called when its place went to a caller with a better right: the answer is an overload. No `leave` is needed. */
  displace(): void;
}
