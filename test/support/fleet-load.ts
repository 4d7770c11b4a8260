import type { Fleet, FleetCall, Instance } from './fleet.js';

/** One answer, and when its request was sent, in milliseconds since the epoch. */
export interface FleetAnswer<Subject> {
  readonly subject: Subject;
  readonly instance: Instance;
  readonly status: number;
  readonly sentMs: number;
  readonly tookMs: number;
}

export interface FleetLoadOptions<Subject> {
  /** How many requests are under way at once. */
  readonly width: number;
  /** Which of the subjects is asked about next, and at which process; the processes come in turn. */
  readonly next: (turn: number) => Subject;
  readonly call: (subject: Subject) => FleetCall;
  readonly seen: (answer: FleetAnswer<Subject>) => void;
}

/** Asks all processes of a fleet in turn, as fast as they answer, until it is ended. */
export class FleetLoad<Subject> {
  readonly #fleet: Fleet;
  readonly #options: FleetLoadOptions<Subject>;
  readonly #askers: readonly Promise<void>[];
  #turn = 0;
  #isOver = false;

  constructor(fleet: Fleet, options: FleetLoadOptions<Subject>) {
    this.#fleet = fleet;
    this.#options = options;
    this.#askers = Array.from({ length: options.width }, () => this.#ask());
  }

  /** How many requests were sent. */
  get sent(): number {
    return this.#turn;
  }

  /** No further requests; waits for the answers that are under way. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#askers);
  }

  async #ask(): Promise<void> {
    const { next, call, seen } = this.#options;
    while (!this.#isOver) {
      const turn = this.#turn++;
      const { instances } = this.#fleet;
      const instance = instances[turn % instances.length] as Instance;
      const subject = next(turn);
      const sentMs = Date.now();
      const startedMs = performance.now();
      const status = await this.#fleet.status(instance, call(subject));
      seen({ subject, instance, status, sentMs, tookMs: performance.now() - startedMs });
    }
  }
}
