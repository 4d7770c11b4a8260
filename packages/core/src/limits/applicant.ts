import type { Standing } from './good-before.js';

/** Who asks for a place. One object for each time: it is how its place is known. */
export interface Applicant {
  readonly address: string | undefined;
  readonly standing: Standing;
  /** False lets others of its network go first. Default true. */
  readonly isReady?: boolean;
  /** Its turn has come, perhaps while it still enters. It keeps its place until it leaves. */
  start(): void;
  /** Its place was given to somebody with a better right: the answer is an overload. It need not leave. */
  displace(): void;
}
