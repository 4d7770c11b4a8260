import { type InspectorNotification, type Profiler, Session } from 'node:inspector';

const OURS = /\/packages\/[a-z]+\/src\//;

/**
 * Counts how often each block of our code is passed through. V8 puts the counters in where it compiles a function, so only code
 * that is loaded while the counter is open is counted.
 */
export class PassCounter {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#ask('Profiler.enable');
    this.#ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The passes through the block that a synchronous task passes through most often. */
  mostOf(task: () => void): number {
    this.#counted();
    task();
    return Math.max(...this.#counted());
  }

  close(): void {
    this.#ask('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** Since the last time. */
  #counted(): readonly number[] {
    const { result } = this.#ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    const scripts = result.filter(({ url }) => OURS.test(url));
    return scripts.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)));
  }

  /** An in-process session answers before `post` returns. */
  #ask(method: string, parameters?: object): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error: Error | null, result?: InspectorNotification<object> | object) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}
