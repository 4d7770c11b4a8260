import { keepSpecimen } from '../brand/specimen.js';
import type { Abandonable } from '../request/abandonment.js';
import { SecurityRequest } from '../request/request.js';
import { Failure, type Finding, type Flight, type Landed } from './flights.js';
import type { Question } from './verdict-lookup.js';

/** A caller who waits for a lookup. One object, because many may wait for the same (bench: introspection). */
export class Passenger implements Abandonable {
  static {
    keepSpecimen(new this({} as Question, 0, {} as SecurityRequest, {} as Flight));
  }

  readonly question: Question;
  /** When the caller asked, on the monotonic clock. A whole number, because V8 stores others as separate objects. */
  readonly askedMs: number;
  readonly request: SecurityRequest;
  readonly #flight: Flight;

  constructor(question: Question, askedMs: number, request: SecurityRequest, flight: Flight) {
    this.question = question;
    this.askedMs = Math.ceil(askedMs);
    this.request = request;
    this.#flight = flight;
  }

  /** Waits. If nobody waits for the request any more, only this caller leaves. */
  board(): Promise<Landed> {
    const landing = this.#flight.board();
    SecurityRequest.abandonmentOf(this.request).add(this);
    return landing;
  }

  /**
   * Ends the wait with what was found.
   * @throws what made the lookup fail
   */
  arrive(landed: Landed): Finding {
    SecurityRequest.abandonmentOf(this.request).remove(this);
    if (landed instanceof Failure) throw landed.error;
    return landed;
  }

  abandon(): void {
    this.#flight.leave();
  }
}
