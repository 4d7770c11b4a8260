import { UpstreamError } from '../errors/errors.js';
import type { Applicant } from './applicant.js';
import type { Standing } from './good-before.js';
import type { Shares } from './shares.js';

/** The caller of a task that waits for its turn. */
export interface Turn {
  readonly address: string | undefined;
  readonly standing: Standing;
  /** False when others go first. Default: it may always run. */
  readonly isReady?: (() => boolean) | undefined;
  /** When aborted, a waiting caller gives its place back; a task that has begun goes on. */
  readonly abandoned?: AbortSignal | undefined;
}

/**
 * Runs `task` when its turn comes, which may be at once, and gives the place back at the end.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_OVERLOADED if there is no place, if somebody with a better right took it,
 * or if `abandoned` was aborted
 */
export function runInTurn<Value>(shares: Shares, turn: Turn, task: () => Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => reject(overloaded(why));
    const run = (applicant: Applicant) => {
      const running = (async () => task())();
      running.finally(() => shares.leave(applicant)).then(resolve, reject);
    };
    new Waiting(turn, run, refuse).enter(shares);
  });
}

class Waiting implements Applicant {
  readonly #turn: Turn;
  readonly #run: (applicant: Applicant) => void;
  readonly #refuse: (why: string) => void;
  #giveUp = () => {};

  constructor(turn: Turn, run: (applicant: Applicant) => void, refuse: (why: string) => void) {
    this.#turn = turn;
    this.#run = run;
    this.#refuse = refuse;
  }

  get address(): string | undefined {
    return this.#turn.address;
  }

  get standing(): Standing {
    return this.#turn.standing;
  }

  get isReady(): boolean {
    return this.#turn.isReady?.() ?? true;
  }

  enter(shares: Shares): void {
    const { abandoned } = this.#turn;
    this.#giveUp = () => {
      shares.leave(this);
      this.#refuse('nobody waits for this any more');
    };
    abandoned?.addEventListener('abort', this.#giveUp, { once: true });
    if (abandoned?.aborted === true) this.#giveUp();
    else if (!shares.enter(this)) this.displace();
  }

  start(): void {
    this.#forgetSignal();
    this.#run(this);
  }

  displace(): void {
    this.#forgetSignal();
    this.#refuse('too many wait for a place');
  }

  #forgetSignal(): void {
    this.#turn.abandoned?.removeEventListener('abort', this.#giveUp);
  }
}

function overloaded(message: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_OVERLOADED', message, { retryAfterSeconds: 1 });
}
