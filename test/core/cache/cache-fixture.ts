import {
  type Authenticated,
  authenticated,
  createPrincipal,
  type Principal,
  type PrincipalInit,
  type Verdict,
} from '@sallyport/core';
import {
  type Eventually,
  type FoundedVerdict,
  isVerdict,
  SecurityRequest,
  VerdictCache,
  type VerdictCacheCollaborators,
  type VerdictCacheOptions,
  type Waiters,
} from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

/** Some moment, in seconds since the epoch. */
export const NOON = 1_800_000_000;

export function principalOf(init: Partial<PrincipalInit> = {}): Authenticated {
  return authenticated(createPrincipal({ subject: 'alice', via: [{ handler: 'test', scheme: 'bearer' }], ...init }));
}

/** Whom a verdict is about. A cache may answer with a verdict of its own, about the same principal. */
export function principalIn(verdict: Eventually<Verdict | undefined>): Principal {
  if (!isVerdict(verdict) || verdict.kind !== 'authenticated') throw new Error('no good verdict');
  return verdict.principal;
}

export function aRequest(onClose?: (listener: () => void) => void): SecurityRequest {
  return new SecurityRequest({ method: 'GET', target: '/', rawHeaders: [], ...(onClose && { onClose }) });
}

/** A request whose client can go away. */
export function leavableRequest(): { request: SecurityRequest; leave: () => void } {
  let leave = () => {};
  const request = aRequest((listener) => {
    leave = listener;
  });
  return { request, leave: () => leave() };
}

/** A lookup that a test settles by hand. */
export class Lookup {
  readonly signals: AbortSignal[] = [];
  readonly #pending: PromiseWithResolvers<Verdict>[] = [];

  get calls(): number {
    return this.signals.length;
  }

  readonly load = ({ signal }: Waiters): Promise<Verdict> => {
    const pending = withResolvers<Verdict>();
    this.signals.push(signal);
    this.#pending.push(pending);
    return pending.promise;
  };

  answer(verdict: Verdict, call = this.calls - 1): void {
    this.#pending[call]?.resolve(verdict);
  }

  fail(error: Error, call = this.calls - 1): void {
    this.#pending[call]?.reject(error);
  }
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** A cache on a clock that stands still, and a short way to ask it. */
export class CacheUnderTest {
  readonly clock: ManualClock;
  readonly cache: VerdictCache;
  /** How often a handler had to be asked. */
  loads = 0;

  constructor(options: Partial<VerdictCacheOptions> = {}, collaborators: VerdictCacheCollaborators = {}) {
    this.clock = (collaborators.clock as ManualClock | undefined) ?? new ManualClock();
    this.cache = new VerdictCache({ namespace: 'test', ...options }, { ...collaborators, clock: this.clock });
  }

  async ask(credential: string, verdict: Verdict | FoundedVerdict = principalOf()): Promise<Verdict> {
    return this.cache.resolve(credential, aRequest(), async () => {
      this.loads += 1;
      return verdict;
    });
  }
}
