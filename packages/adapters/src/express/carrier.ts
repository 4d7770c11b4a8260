import { keepSpecimen } from '@sallyport/core/extend';
import type { Request } from 'express';
import { beginPassage, PASSAGE, type Passage } from '../gate/grant.js';
import type { Route } from './application.js';

/** A request for the gate: its passage is looked up in the way that is cheap on Express (see `look`). */
export class Carrier {
  static {
    keepSpecimen(new this({} as Request));
  }

  readonly #request: Request;

  constructor(request: Request) {
    this.#request = request;
  }

  get [PASSAGE](): Passage | undefined {
    return passageOfRequest(this.#request);
  }

  set [PASSAGE](passage: Passage) {
    (this.#request as { [PASSAGE]?: Passage })[PASSAGE] = passage;
  }
}

export function passageOfRequest(request: object): Passage | undefined {
  return Reflect.get(request, PASSAGE);
}

/**
 * Keeps the routes of requests with what was granted to them: two properties would be dearer than one (docs/performance.md,
 * "Express"). A router sets `route` when it has chosen one, before any of its handlers runs. `chosen` is told.
 */
export function keepRoutes(requests: object, chosen: (route: Route) => void): void {
  Object.defineProperty(requests, 'route', {
    configurable: true,
    get(this: object) {
      return passageOfRequest(this)?.route;
    },
    set(this: object, route: Route | undefined) {
      ownPassageOf(this).route = route;
      if (route !== undefined) chosen(route);
    },
  });
}

/** An object that was made from a request by `Object.create` gets a passage of its own, as it would a property. */
function ownPassageOf(request: object): Passage {
  const known = passageOfRequest(request);
  if (known !== undefined && Object.hasOwn(request, PASSAGE)) return known;
  return Object.assign(beginPassage(request, undefined), known);
}
