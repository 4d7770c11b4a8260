import { answerWithin } from '../clock/answer-within.js';
import { attemptTo, type Eventually } from '../clock/eventually.js';
import type { Patience } from '../clock/within.js';
import { UpstreamError } from '../errors/errors.js';
import { ownMember } from '../options/own-members.js';
import { printable } from '../secrecy/keyed-hash.js';
import { LiveHash } from '../secrecy/live-hash.js';
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
  /** How long ago it can have happened for the first time, in seconds, where that is known. Default: `ttlSeconds`. */
  readonly ageSeconds?: number | undefined;
}

/** How a store is asked. */
export interface MarkingOptions extends Patience {
  /**
   * The secret of the deployment, if it has one: who reads the store then cannot tell what was marked. Two while one is
   * replaced; what was marked under either was marked.
   */
  readonly secret?: readonly string[] | undefined;
}

/**
 * Marks something in a once store: true the first time, false while the mark lasts. A store that throws, takes longer than
 * `timeoutMs` or returns anything else cannot tell, so the answer is `unavailable` with the reason `once_store_unavailable`, or
 * `once_marks_lost` where it has lost marks: 503, never a pass. What a store in memory answers comes at once. With a `secret`, the store sees keyed hashes of the keys.
 *
 * @example
 * const isFirst = markOnce(onceStore, { key, ttlSeconds: 601 }, { clock, timeoutMs: 50 });
 */
export function markOnce(store: OnceStore, mark: OnceMark, options: MarkingOptions): Eventually<boolean | Unavailable> {
  const [written, ...replaced] = namesOf(mark.key, ownMember(options, 'secret'));
  const answer = markName(store, written, mark, options);
  return replaced.reduce((earlier, name) => andThen(earlier, () => markName(store, name, mark, options)), answer);
}

/** The next name is marked whether the last one was new or not: while a secret is replaced, others look for either. */
function andThen(
  earlier: Eventually<boolean | Unavailable>,
  next: () => Eventually<boolean | Unavailable>,
): Eventually<boolean | Unavailable> {
  if (earlier instanceof Promise) return earlier.then((answer) => andThen(answer, next));
  if (isVerdict(earlier)) return earlier;
  const later = next();
  const both = (answer: boolean | Unavailable) => (isVerdict(answer) ? answer : answer && earlier);
  return later instanceof Promise ? later.then(both) : both(later);
}

/** Made once for each secret: deriving its keys costs more than hashing with them. */
const hashes = new WeakMap<readonly string[], LiveHash>();

function namesOf(key: string, secret: readonly string[] | undefined): readonly [string, ...string[]] {
  if (secret === undefined) return [key];
  const hash = hashes.get(secret) ?? new LiveHash(secret, 'once mark');
  hashes.set(secret, hash);
  const [written, ...replaced] = hash.allOf(key);
  return [printable(written), ...replaced.map(printable)];
}

function markName(
  store: OnceStore,
  name: string,
  mark: OnceMark,
  { clock, timeoutMs }: Patience,
): Eventually<boolean | Unavailable> {
  const [holder, ageSeconds] = [ownMember(mark, 'holder'), ownMember(mark, 'ageSeconds')];
  const asked = attemptTo(() => store.mark(name, mark.ttlSeconds, holder, ageSeconds), untold);
  if (!(asked instanceof Promise)) return checked(asked);
  return answerWithin(timeoutMs, asked, clock).then(checked, untold);
}

function checked(answer: unknown): boolean | Unavailable {
  if (typeof answer === 'boolean') return answer;
  return isVerdict(answer) && answer.kind === 'unavailable' ? answer : untold(undefined);
}

/** Of an error only its code is told, and when to come again: its message may quote a key. */
function untold(error: unknown): Unavailable {
  const { reason } = unavailable(error);
  const retryAfterSeconds = error instanceof UpstreamError ? error.retryAfterSeconds : undefined;
  const context = { retryAfterSeconds, detail: `the store failed: ${reason}` };
  if (reason === 'err_sallyport_marks_lost') return unavailable('once_marks_lost', context);
  return unavailable('once_store_unavailable', context);
}
