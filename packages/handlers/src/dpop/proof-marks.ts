import { hash } from 'node:crypto';
import { MemoryOnceStore, type Unavailable, unavailable } from '@sallyport/core';
import { type Clock, type Eventually, markOnce, type OnceStore, SecurityRequest } from '@sallyport/core/extend';

/** A proof that is about to be used. */
export interface UsedProof {
  readonly jti: string;
  readonly iat: number;
  readonly thumbprint: string;
  /** How old its nonce is, if it has one that counts. */
  readonly nonceAge: number | undefined;
  /** On whose account the mark stands. */
  readonly holder: string;
  readonly request: SecurityRequest;
}

interface MarkRules {
  readonly name: string;
  readonly windowSeconds: number;
  readonly nonceSeconds: number;
  readonly toleranceSeconds: number;
  readonly storeTimeoutMs: number;
  readonly secret: readonly string[] | undefined;
}

/**
 * What was marked for a request, by its identity, or by its header lines where an adapter tells none. A request may be judged more
 * than once: by several handlers, chains or readings of a rewritten one. Then its proofs were used by itself. A host that gives
 * parsed headers has new lines for each reading.
 */
const markedFor = new WeakMap<object, Set<string>>();

/** Lets each proof pass once (RFC 9449 11.1). */
export class ProofMarks {
  readonly #rules: MarkRules;
  readonly #clock: Clock;
  readonly #store: OnceStore;

  constructor(rules: MarkRules, { clock, onceStore }: { clock: Clock; onceStore: OnceStore | undefined }) {
    this.#rules = rules;
    this.#clock = clock;
    this.#store = onceStore ?? new MemoryOnceStore({}, { clock });
  }

  /** Whether the proof comes for the first time. */
  mark(proof: UsedProof): Eventually<boolean | Unavailable> {
    const { name, storeTimeoutMs: timeoutMs, secret } = this.#rules;
    const key = hash('sha256', JSON.stringify(['dpop', name, proof.thumbprint, proof.jti]), 'base64url');
    const identity = SecurityRequest.identityOf(proof.request) ?? SecurityRequest.linesOf(proof.request);
    if (markedFor.get(identity)?.has(key) === true) return true;
    const mark = { key, holder: proof.holder, ...this.#timesOf(proof) };
    const marked = markOnce(this.#store, mark, { clock: this.#clock, timeoutMs, secret });
    const noted = (answer: Awaited<typeof marked>) => {
      if (answer === true) noteMarked(identity, key);
      return answer;
    };
    return marked instanceof Promise ? unlessGone(marked.then(noted), proof.request) : noted(marked);
  }

  /**
   * How long it takes, in seconds, until a proof with a new nonce is known to be newer than what the store has lost; 0 where it is
   * now. A nonce is no older than it says, but for the difference of two clocks. `undefined` where no marks were lost.
   */
  untilNewer({ reason, retryAfterSeconds = 0 }: Unavailable, proof: UsedProof): number | undefined {
    if (reason !== 'once_marks_lost') return undefined;
    const { ttlSeconds, ageSeconds = ttlSeconds } = this.#timesOf(proof);
    const sinceLoss = Math.min(ttlSeconds, ageSeconds) - retryAfterSeconds;
    return Math.max(0, this.#rules.toleranceSeconds - sinceLoss);
  }

  /**
   * A mark lasts for as long as its proof would be good, on the slowest clock of all instances. A proof cannot be older than
   * its nonce; `iat` is what the client says.
   */
  #timesOf({ iat, nonceAge }: UsedProof): { readonly ttlSeconds: number; readonly ageSeconds?: number } {
    const { windowSeconds, nonceSeconds, toleranceSeconds } = this.#rules;
    const ending = toleranceSeconds + 1;
    if (nonceAge === undefined) {
      const left = iat + windowSeconds - this.#clock.now() / 1_000;
      return { ttlSeconds: Math.max(0, left) + ending };
    }
    const ttlSeconds = Math.max(0, nonceSeconds - nonceAge) + ending;
    return { ttlSeconds, ageSeconds: Math.max(0, nonceAge) + toleranceSeconds };
  }
}

/** No more than its chains have handlers: each of them makes one key of a proof. */
function noteMarked(identity: object, key: string): void {
  const marked = markedFor.get(identity);
  if (marked === undefined) markedFor.set(identity, new Set([key]));
  else marked.add(key);
}

/** Nobody waits for a store on behalf of a client that has gone. */
function unlessGone<Answer>(pending: Promise<Answer>, { signal }: SecurityRequest): Promise<Answer | Unavailable> {
  if (signal.aborted) return Promise.resolve(unavailable('abandoned'));
  return new Promise((resolve) => {
    const end = () => resolve(unavailable('abandoned'));
    signal.addEventListener('abort', end, { once: true });
    pending.then((answer) => {
      signal.removeEventListener('abort', end);
      resolve(answer);
    });
  });
}
