import { hash } from 'node:crypto';
import { MemoryOnceStore, type Unavailable, unavailable } from '@sallyport/core';
import { type Clock, type Eventually, markOnce, type OnceStore, SecurityRequest } from '@sallyport/core/extend';

/** A proof that is about to be used. */
interface UsedProof {
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
}

/**
 * What was marked for a request, by its header lines. A request may be judged more than once: by two chains, or by both
 * readings of a rewritten one. Then its proof was used by itself.
 */
const markedFor = new WeakMap<object, string>();

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

  /**
   * Whether the proof comes for the first time. `lost`: the store has lost marks, and only a proof with a newer nonce can be
   * known to be new.
   */
  mark(proof: UsedProof): Eventually<boolean | Unavailable | 'lost'> {
    const { name, storeTimeoutMs: timeoutMs } = this.#rules;
    const key = hash('sha256', JSON.stringify(['dpop', name, proof.thumbprint, proof.jti]), 'base64url');
    const lines = SecurityRequest.linesOf(proof.request);
    if (markedFor.get(lines) === key) return true;
    const { holder } = proof;
    const marked = markOnce(this.#store, { key, holder, ...this.#timesOf(proof) }, { clock: this.#clock, timeoutMs });
    const noted = (answer: Awaited<typeof marked>) => {
      if (answer === true) markedFor.set(lines, key);
      return answer;
    };
    return marked instanceof Promise ? unlessGone(marked.then(noted), proof.request) : noted(marked);
  }

  /** A mark lasts for as long as its proof would be good, on the slowest clock of all instances. */
  #timesOf({ iat, nonceAge }: UsedProof): { readonly ttlSeconds: number } {
    const { windowSeconds, nonceSeconds, toleranceSeconds } = this.#rules;
    if (nonceAge !== undefined) return { ttlSeconds: Math.max(0, nonceSeconds - nonceAge) + toleranceSeconds + 1 };
    const left = iat + windowSeconds - this.#clock.now() / 1_000;
    return { ttlSeconds: Math.max(0, left) + toleranceSeconds + 1 };
  }
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
