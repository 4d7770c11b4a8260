const FIRST_PAUSE_MS = 1_000;

export interface ProbeLaneOptions {
  /** Probes that may fail before the first pause. */
  readonly freeFailures: number;
  /** The longest pause. */
  readonly lastPauseMs: number;
}

/**
 * Lets one call at a time find out whether a server answers again. After a failure the next one waits: 1 s, then twice
 * as long each time; longer where the server asked for it, but never longer than the longest pause.
 */
export class ProbeLane {
  readonly #options: ProbeLaneOptions;
  #isBusy = false;
  #failures = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #freeAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProbeLaneOptions) {
    this.#options = options;
  }

  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  /** Whether a probe may be made now; if so, its end has to be reported. */
  take(nowMs: number): boolean {
    if (this.#isBusy || nowMs < this.#freeAtMs) return false;
    this.#isBusy = true;
    return true;
  }

  fail(nowMs: number, askedMs: number): void {
    this.#isBusy = false;
    this.#failures += 1;
    if (this.#failures <= this.#options.freeFailures) return;
    const { lastPauseMs } = this.#options;
    this.#freeAtMs = nowMs + Math.min(Math.max(this.#pauseMs, askedMs), lastPauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, lastPauseMs);
  }
}
