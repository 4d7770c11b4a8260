import type { Clock } from '../clock/clock.js';

/** After so long without it, a problem counts as solved: if it comes back, it is told again. */
const QUIET_MS = 600_000;
/** So many problems are remembered. Others are not told until some of these are over. */
const MAX_PROBLEMS = 256;
/** So many of one kind. A caller may choose what differs in them, such as the issuer that is not reached. */
const MAX_OF_A_KIND = 32;

interface KnownProblem {
  readonly kind: string;
  /** On the monotonic clock. */
  readonly seen: number;
}

/**
 * Tells problems that nobody listens for as process warnings, which Node.js writes to stderr: each once, and again when it
 * comes back after ten minutes without it.
 */
export class Unheard {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #listener: string;
  readonly #known = new Map<string, KnownProblem>();

  /** @param listener what would hear of the problems, in words */
  constructor(listener: string, clock: Pick<Clock, 'monotonic'>) {
    this.#listener = listener;
    this.#clock = clock;
  }

  /** @param kind what does not differ where a caller chooses a part of the words, such as the reason */
  tell(problem: string, kind: string): void {
    const now = this.#clock.monotonic();
    for (const [other, { seen }] of this.#known) if (now - seen >= QUIET_MS) this.#known.delete(other);
    const isNew = !this.#known.has(problem);
    if (isNew && !this.#hasRoomFor(kind)) return;
    this.#known.set(problem, { kind, seen: now });
    if (isNew) process.emitWarning(`${problem} (told once; ${this.#listener} hears of each)`, 'SallyportWarning');
  }

  #hasRoomFor(kind: string): boolean {
    if (this.#known.size >= MAX_PROBLEMS) return false;
    let ofKind = 0;
    for (const known of this.#known.values()) if (known.kind === kind) ofKind += 1;
    return ofKind < MAX_OF_A_KIND;
  }
}
