import { unlessEnded } from './within.js';

/** Comes to a value; `abandoned` is aborted when nobody waits for it any more. */
export type JoinableTask<Value> = (abandoned: AbortSignal) => Promise<Value>;

interface UnderWay<Value> {
  readonly answer: Promise<Value>;
  readonly abandonment: AbortController;
  waiting: number;
}

/** Tasks under way, one for each name. They belong to nobody: each is given up when the last who waits for it has gone. */
export class JoinedTasks<Value> {
  readonly #byName = new Map<string, UnderWay<Value>>();

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * Waits for the task under way or begins it. `gone` ends this caller's part in it and no one else's; the last one to go
   * waits until the task has ended: what it holds is then free again. The others reject with what `left` returns, or
   * wait for the answer as well where that is absent.
   */
  join(name: string, gone: AbortSignal | undefined, task: JoinableTask<Value>, left?: () => Error): Promise<Value> {
    const underWay = this.#byName.get(name) ?? this.#begin(name, task);
    underWay.waiting += 1;
    if (gone === undefined) return underWay.answer;
    return unlessEnded(underWay.answer, (end) => {
      const leave = () => {
        underWay.waiting -= 1;
        if (underWay.waiting === 0) this.#giveUp(name, underWay);
        else if (left !== undefined)
          end(() => {
            throw left();
          });
      };
      if (gone.aborted) leave();
      else gone.addEventListener('abort', leave, { once: true });
      return () => gone.removeEventListener('abort', leave);
    });
  }

  #begin(name: string, task: JoinableTask<Value>): UnderWay<Value> {
    const abandonment = new AbortController();
    const answer = task(abandonment.signal).finally(() => this.#forget(name, underWay));
    const underWay: UnderWay<Value> = { answer, abandonment, waiting: 0 };
    this.#byName.set(name, underWay);
    // It may have been given up for its time alone, and go on.
    answer.catch(() => abandonment.abort());
    return underWay;
  }

  #giveUp(name: string, underWay: UnderWay<Value>): void {
    this.#forget(name, underWay);
    underWay.abandonment.abort();
  }

  #forget(name: string, underWay: UnderWay<Value>): void {
    if (this.#byName.get(name) === underWay) this.#byName.delete(name);
  }
}
