import { answerWithin } from '../clock/answer-within.js';
import { attemptTo, type Eventually } from '../clock/eventually.js';
import type { Patience } from '../clock/within.js';
import { ownMember } from '../options/own-members.js';
import { isVerdict, type Unavailable, unavailable } from '../verdict/verdict.js';
import type { OnceStore } from './once-store.js';

/** What is marked in a once store. */
export interface OnceMark {
  /** A hash: it holds no credential, and is the same in every process. */
  readonly key: string;
  /** As long as what is marked could come again, in seconds. */
  readonly ttlSeconds: number;
  /** On whose account the mark stands, for the fair share of a bounded store. Default: one account for all without. */
  readonly holder?: string | undefined;
}

/**
 * Marks something in a once store: true the first time, false while the mark lasts. A store that throws, takes longer than
 * `timeoutMs` or returns anything else cannot tell, so the answer is `unavailable` with the reason `once_store_unavailable`:
 * 503, never a pass. What a store in memory answers comes at once.
 *
 * @example
 * const isFirst = markOnce(onceStore, { key, ttlSeconds: 601 }, { clock, timeoutMs: 50 });
 */
export function markOnce(
  store: OnceStore,
  mark: OnceMark,
  { clock, timeoutMs }: Patience,
): Eventually<boolean | Unavailable> {
  const asked = attemptTo(() => store.mark(mark.key, mark.ttlSeconds, ownMember(mark, 'holder')), untold);
  if (!(asked instanceof Promise)) return checked(asked);
  return answerWithin(timeoutMs, asked, clock).then(checked, untold);
}

function checked(answer: unknown): boolean | Unavailable {
  if (typeof answer === 'boolean') return answer;
  return isVerdict(answer) && answer.kind === 'unavailable' ? answer : untold(undefined);
}

/** Of an error only its code is told, and when to come again: its message may quote a key. */
function untold(error: unknown): Unavailable {
  const { reason, retryAfterSeconds } = unavailable(error);
  return unavailable('once_store_unavailable', { retryAfterSeconds, detail: `the store failed: ${reason}` });
}
