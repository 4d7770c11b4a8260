import type { Verdict } from '@sallyport/core';
import { type CountedCaller, networkOf } from '@sallyport/core/extend';
import type { Account } from './users/user-store.js';

interface Check {
  readonly verdict: Promise<Verdict>;
  readonly abandonment: AbortController;
  waiting: number;
}

/**
 * Password checks under way. The same check is done once for all who wait for it; when the last of them has gone,
 * nobody joins it any more, and it is told, so that a check that still waits for its turn need not be done.
 */
export class ChecksUnderWay {
  readonly #byKey = new Map<string, Check>();

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Joins the check of this key, or starts it. `gone` ends this caller's part in it and no one else's. */
  join(key: string, gone: AbortSignal, start: (abandoned: AbortSignal) => Promise<Verdict>): Promise<Verdict> {
    const check = this.#byKey.get(key) ?? this.#start(key, start);
    const leave = () => this.#leave(key, check);
    check.waiting += 1;
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
    return check.verdict.finally(() => gone.removeEventListener('abort', leave));
  }

  #start(key: string, start: (abandoned: AbortSignal) => Promise<Verdict>): Check {
    const abandonment = new AbortController();
    const verdict = start(abandonment.signal).finally(() => this.#forget(key, check));
    const check: Check = { verdict, abandonment, waiting: 0 };
    this.#byKey.set(key, check);
    return check;
  }

  #leave(key: string, check: Check): void {
    check.waiting -= 1;
    if (check.waiting > 0) return;
    this.#forget(key, check);
    check.abandonment.abort();
  }

  #forget(key: string, check: Check): void {
    if (this.#byKey.get(key) === check) this.#byKey.delete(key);
  }
}

/** What makes two logins one check: however an address is spelled, and whichever device of a network sends them. */
export function checkKey({ credential, address }: CountedCaller, account: Account | undefined): string {
  return `${credential} ${account?.hash} ${networkOf(address)}`;
}
