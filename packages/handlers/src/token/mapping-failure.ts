import { type DescribedError, describeError, withoutCredentials } from '@sallyport/core/extend';

/** An error of the application's own code, for operators. */
export interface ToldError extends DescribedError {
  /** On one line and cut to 500 characters; everything that the request sent as a credential is cut out. */
  readonly message: string;
}

/**
 * How a mapping failed: `threw` and `no_principal` (it returned what makes none) are bugs, `rejected` and `timed_out` are
 * outages.
 */
export type MappingOutcome = 'threw' | 'no_principal' | 'rejected' | 'timed_out';

/** A mapping that made no principal. */
export interface MappingFailure {
  readonly outcome: MappingOutcome;
  /** What was thrown; `undefined` where time ran out. */
  readonly error: unknown;
  /** What the request sent: no message may repeat it. */
  readonly credentials: readonly string[];
}

/** The error of a failed mapping as it may be told; `undefined` where time ran out. */
export function toldError({ outcome, error, credentials }: MappingFailure): ToldError | undefined {
  if (outcome === 'timed_out') return undefined;
  return Object.freeze({ ...describeError(error), message: withoutCredentials(messageOf(error), credentials) });
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : '';
  } catch {
    // The thrown object throws again when it is read.
    return '';
  }
}
