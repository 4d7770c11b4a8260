import type { Context } from 'koa';
import { pathOf, receivedUrl, runningTarget } from '../node/rewriting.js';

/** What was granted outside a mounted application. `inner` is the path that the request has at its door. */
interface Outside {
  readonly url: string;
  readonly method: string;
  readonly mount: string;
  readonly outside: Outside | undefined;
  readonly inner: string;
}

/**
 * The method and URL of a request that were granted last, and the mount that they stand below. koa-mount changes the URL at
 * the doors of an application that it mounts; that is no rewriting.
 */
export class GrantedReading {
  #url: string;
  #method: string;
  #mount: string;
  #outside: Outside | undefined;
  // The inner paths of applications that passed the request on, and how often they were written since.
  #left: Map<string, number> | undefined;

  constructor(context: Context, method: string, url: string, mount: string) {
    this.#url = url;
    this.#method = method;
    this.#mount = mount;
    if (mount !== '') {
      const outer = runningTarget(receivedUrl(context.req, context.originalUrl), mount, url);
      this.#outside = { url: outer, method, mount: '', outside: undefined, inner: pathOf(url) };
    }
  }

  get url(): string {
    return this.#url;
  }

  get method(): string {
    return this.#method;
  }

  get mount(): string {
    return this.#mount;
  }

  grant(method: string, url: string): void {
    this.#method = method;
    this.#url = url;
  }

  /**
   * Follows a URL that was written instead of `before`. `prefix` is what koa-mount is about to cut off, if it is. Going in
   * by it keeps what is granted; going out brings back what was granted outside. Anything else changes nothing here.
   */
  moved(before: string | undefined, prefix: string | undefined, url: string): void {
    const path = pathOf(url);
    if (prefix !== undefined && before === this.#url && runningTarget(before, prefix, url) === before) {
      this.#outside = { url: before, method: this.#method, mount: this.#mount, outside: this.#outside, inner: path };
      this.#mount += prefix;
      this.#url = url;
      return;
    }
    const writes = this.#left?.get(path);
    if (writes !== undefined) this.#left?.set(path, writes + 1);
    for (let outside = this.#outside; outside !== undefined; outside = outside.outside) {
      if (path === pathOf(outside.url)) {
        this.#leaveTo(outside);
        return;
      }
    }
  }

  /**
   * How often the inner path of an application that passed the request on was written since; undefined for another path.
   * koa-mount writes it once, on the way back.
   */
  returnsTo(path: string): number | undefined {
    return this.#left?.get(path);
  }

  #leaveTo({ url, method, mount, outside, inner }: Outside): void {
    this.#left ??= new Map();
    this.#left.set(inner, 0);
    this.#mount = mount;
    this.#outside = outside;
    this.grant(method, url);
  }
}
