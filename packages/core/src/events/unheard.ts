import type { Clock } from '../clock/clock.js';

/** After so long without it, a problem counts as solved: if it comes back, it is told again. */
const QUIET_MS = 600_000;
/** So many problems are remembered. Others are not told until some of these are over. */
const MAX_PROBLEMS = 256;

/**
 * Tells problems that nobody listens for as process warnings, which Node.js writes to stderr: each once, and again when it
 * comes back after ten minutes without it.
 */
export class Unheard {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #listener: string;
  readonly #lastSeen = new Map<string, number>();

  /** @param listener what would hear of the problems, in words */
  constructor(listener: string, clock: Pick<Clock, 'monotonic'>) {
    this.#listener = listener;
    this.#clock = clock;
  }

  tell(problem: string): void {
    const now = this.#clock.monotonic();
    for (const [other, seen] of this.#lastSeen) if (now - seen >= QUIET_MS) this.#lastSeen.delete(other);
    const isNew = !this.#lastSeen.has(problem);
    if (isNew && this.#lastSeen.size >= MAX_PROBLEMS) return;
    this.#lastSeen.set(problem, now);
    if (isNew) process.emitWarning(`${problem} (told once; ${this.#listener} hears of each)`, 'SallyportWarning');
  }
}
