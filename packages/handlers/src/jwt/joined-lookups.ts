import { UpstreamError } from '@sallyport/core';

/** A lookup; `abandoned` is aborted when no caller waits for it any more. */
export type Lookup<Value> = (abandoned: AbortSignal) => Promise<Value>;

/** Lookups under way, one for each name. All callers share it; it is given up when the last of them has gone. */
export class JoinedLookups<Value> {
  readonly #underWay = new Map<string, JoinedLookup<Value>>();

  /**
   * Waits for the lookup under way or begins one. Who goes away waits no longer, but the last one until the lookup has
   * ended: what it holds is then free again.
   */
  join(name: string, abandoned: AbortSignal | undefined, lookUp: Lookup<Value>): Promise<Value> {
    const lookup = this.#underWay.get(name) ?? this.#begin(name, lookUp);
    return lookup.join(abandoned);
  }

  #begin(name: string, lookUp: Lookup<Value>): JoinedLookup<Value> {
    const lookup = new JoinedLookup(lookUp, (ended) => {
      if (this.#underWay.get(name) === ended) this.#underWay.delete(name);
    });
    this.#underWay.set(name, lookup);
    return lookup;
  }
}

class JoinedLookup<Value> {
  readonly #controller = new AbortController();
  readonly #answer: Promise<Value>;
  readonly #end: (lookup: JoinedLookup<Value>) => void;
  #waiting = 0;

  constructor(lookUp: Lookup<Value>, end: (lookup: JoinedLookup<Value>) => void) {
    this.#end = end;
    this.#answer = lookUp(this.#controller.signal).finally(() => end(this));
    // Where its time was over, it may still be under way.
    this.#answer.catch(() => this.#controller.abort());
  }

  join(abandoned: AbortSignal | undefined): Promise<Value> {
    this.#waiting += 1;
    if (abandoned === undefined) return this.#answer;
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting -= 1;
        if (this.#waiting === 0) this.#giveUp();
        else reject(new UpstreamError('ERR_SALLYPORT_UPSTREAM_UNREACHABLE', 'the lookup was given up'));
      };
      const forget = () => abandoned.removeEventListener('abort', leave);
      this.#answer.finally(forget).then(resolve, reject);
      if (abandoned.aborted) leave();
      else abandoned.addEventListener('abort', leave, { once: true });
    });
  }

  /** Lets no further caller join. */
  #giveUp(): void {
    this.#end(this);
    this.#controller.abort();
  }
}
