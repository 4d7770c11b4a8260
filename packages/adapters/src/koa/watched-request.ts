import type { Context, Middleware, Next } from 'koa';
import { Rechecks } from '../node/rechecks.js';
import type { Recheck } from './recheck.js';
import { watchRoutes } from './routes-behind.js';
import { Watch } from './watch.js';

/** Where Koa tells what runs: `ctx.search` and `ctx.query` read `querystring`, and all of `ctx` reads the request. */
const READS = ['url', 'path', 'querystring', 'method'] as const;

const WATCH: unique symbol = Symbol('sallyport watch');
const MOUNT_PATH: unique symbol = Symbol('sallyport mount path');

interface WatchedRequest {
  [WATCH]?: Watch;
}

interface WatchedContext extends Context {
  readonly request: Context['request'] & WatchedRequest;
  mountPath?: string;
  _matchedRoute?: unknown;
  [MOUNT_PATH]?: string | undefined;
}

const watched = new WeakSet<object>();

/** How one `secure()` keeps an eye on what runs behind it. */
export class RewritingBehind {
  readonly #rechecks: Rechecks<Recheck>;

  constructor(middleware: Middleware, recheck: Recheck) {
    this.#rechecks = new Rechecks(middleware, recheck);
  }

  /** Goes on with a request that was granted with this method and URL, below this mount. */
  run(context: WatchedContext, next: Next, method: string, url: string, mount: string): unknown {
    const { request } = context;
    const isFirst = this.#rechecks.addTo(request);
    let watch = request[WATCH];
    if (watch === undefined) {
      watchApplicationOf(context);
      watch = new Watch(context, method, url, mount);
      request[WATCH] = watch;
    } else watch.grantedAgain();
    return watch.follow(next, isFirst ? this.#rechecks : undefined);
  }
}

/** What watches a request. Undefined if no `secure()` has granted it. */
export function watchOf(context: Context): Watch | undefined {
  return (context as WatchedContext).request[WATCH];
}

/**
 * The accessors stand on the prototypes of all requests and contexts of an application, which koa-mount lets the
 * applications that it mounts share. On each request they would cost too much.
 */
function watchApplicationOf(context: WatchedContext): void {
  const requests: object = Object.getPrototypeOf(context.request);
  if (!watched.has(requests)) {
    watched.add(requests);
    for (const name of READS) watchReads(requests, name);
  }
  const contexts: object = Object.getPrototypeOf(context);
  if (!watched.has(contexts)) {
    watched.add(contexts);
    watchMounts(contexts);
    watchRoutes(contexts, watchOf);
  }
  // A property that was set before the accessor was there would hide it.
  if (context.mountPath !== undefined) uncover(context, 'mountPath');
  if (context._matchedRoute !== undefined) uncover(context, '_matchedRoute');
}

/** Middleware learns here what runs: a rewritten request is decided first. */
function watchReads(requests: object, name: (typeof READS)[number]): void {
  const { get, set } = accessorOf(requests, name);
  Object.defineProperty(requests, name, {
    configurable: true,
    get(this: WatchedRequest) {
      const watch = this[WATCH];
      if (watch !== undefined && !watch.isAsGranted) watch.look();
      return get?.call(this);
    },
    set(this: WatchedRequest, value: unknown) {
      const watch = this[WATCH];
      if (watch === undefined) set?.call(this, value);
      else watch.write(() => set?.call(this, value));
    },
  });
}

/** koa-mount leaves its prefix on the context before it cuts it off the path. */
function watchMounts(contexts: object): void {
  Object.defineProperty(contexts, 'mountPath', {
    configurable: true,
    get(this: WatchedContext) {
      return this[MOUNT_PATH];
    },
    set(this: WatchedContext, prefix: string | undefined) {
      this[MOUNT_PATH] = prefix;
      if (prefix !== undefined) watchOf(this)?.enter(prefix);
    },
  });
}

function uncover(context: WatchedContext, name: 'mountPath' | '_matchedRoute'): void {
  if (!Object.hasOwn(context, name)) return;
  const value = context[name];
  delete context[name];
  Object.assign(context, { [name]: value });
}

function accessorOf(object: object, name: string): PropertyDescriptor {
  for (let each: object | null = object; each !== null; each = Object.getPrototypeOf(each)) {
    const descriptor = Object.getOwnPropertyDescriptor(each, name);
    if (descriptor !== undefined) return descriptor;
  }
  throw new TypeError(`koaSecurity: the request of this application has no ${name}`);
}
