import type { IncomingMessage } from 'node:http';

/**
 * Asks before the URL of Node's own request is read, by a proxy say, where Koa has written to the request. It stands on the
 * request itself, for as long as what was written is not decided: on every request it would cost too much. The method is
 * not guarded, because Node itself reads that, where nothing would catch an error.
 */
export class RawGuard {
  readonly #req: IncomingMessage;
  readonly #look: () => void;
  #isSet = false;
  #url: string | undefined;

  constructor(req: IncomingMessage, look: () => void) {
    this.#req = req;
    this.#look = look;
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    this.#url = this.#req.url;
    Object.defineProperty(this.#req, 'url', {
      configurable: true,
      enumerable: true,
      get: () => {
        this.#look();
        // Having looked, it stands here no more.
        return this.#isSet ? this.#url : this.#req.url;
      },
      set: (url: string) => {
        this.#url = url;
      },
    });
  }

  release(): void {
    this.#isSet = false;
    // Below it is the property of HTTP/1.1, which it has replaced, or the accessor of HTTP/2.
    Reflect.deleteProperty(this.#req, 'url');
    this.#req.url = this.#url ?? '';
  }
}

/** Koa writes a path into what it keeps of the URL parsed, which would count again where the old URL comes back. */
export function forgetParsed(req: IncomingMessage & { _parsedUrl?: unknown }): void {
  req._parsedUrl = undefined;
}
