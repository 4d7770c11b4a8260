import { outlive } from './runtime.js';
import { unlessEnded } from './within.js';

/** `abandoned` is aborted when the last caller has gone. */
export type JoinableTask<Value> = (abandoned: AbortSignal) => Promise<Value>;

interface UnderWay<Value> {
  readonly answer: Promise<Value>;
  readonly abandonment: AbortController;
  waiting: number;
}

/**
 * Tasks under way, one for each name. Callers with the same name share a task; it is aborted when the last of them has
 * gone. Unlike `Flights` of the cache it limits nothing, and a caller who leaves can reject at once.
 */
export class JoinedTasks<Value> {
  readonly #byName = new Map<string, UnderWay<Value>>();

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * Joins the task under way, or begins it. When `gone` is aborted, only this caller leaves: it rejects with what `left`
   * returns, or without `left` still waits for the answer. The last caller to leave aborts the task and waits for its
   * end, because only then is what the task holds free again.
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
    // A task that failed, for example at its time limit, may have work under way: the signal ends that too.
    answer.catch(() => abandonment.abort());
    outlive(answer);
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
