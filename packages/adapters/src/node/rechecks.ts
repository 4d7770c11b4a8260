import { begunPassage, passageOf } from '../gate/grant.js';

/** Every `secure()`. It decides by itself, so that nobody has to ask in front of it. */
const secured = new WeakSet<object>();

export function isSecure(handler: object): boolean {
  return secured.has(handler);
}

/** What each `secure()` that has granted a request wants to ask again where the request has been rewritten since. */
export function rechecksOf<Recheck>(carrier: object): readonly Recheck[] | undefined {
  return passageOf(carrier)?.rechecks as readonly Recheck[] | undefined;
}

/** How one `secure()` asks again. It is kept on the requests or contexts that passed that `secure()`. */
export class Rechecks<Recheck> {
  // Made once: the list of most requests, which pass one `secure()`.
  readonly #own: readonly [Recheck];

  constructor(middleware: object, recheck: Recheck) {
    this.#own = [recheck];
    secured.add(middleware);
  }

  /** Gives back whether it was not there before. */
  addTo(carrier: object): boolean {
    const passage = begunPassage(carrier);
    const known = passage.rechecks;
    if (known?.includes(this.#own[0]) === true) return false;
    passage.rechecks = known === undefined ? this.#own : [...known, this.#own[0]];
    return true;
  }

  removeFrom(carrier: object): void {
    const passage = passageOf(carrier);
    if (passage === undefined) return;
    const known = passage.rechecks;
    passage.rechecks = known === this.#own ? undefined : known?.filter((recheck) => recheck !== this.#own[0]);
  }
}
