import type { IncomingMessage } from 'node:http';
import type { Eventually } from '@sallyport/core/extend';
import type { Context, Next } from 'koa';
import { isAnswerable, isOver } from '../node/node-message.js';
import type { Rechecks } from '../node/rechecks.js';
import { pathOf } from '../node/rewriting.js';
import { isAnswered } from './denial.js';
import { GrantedReading } from './granted-reading.js';
import { forgetParsed, RawGuard } from './raw-guard.js';
import { routedPathOf, urlOf } from './reading.js';
import { judge, type Recheck } from './recheck.js';
import { RewritingRefused, tellCannotWait, type Verdict } from './refusal.js';

/**
 * Watches one request that `secure()` has granted: what was granted last, and whether that is still what runs. Each
 * `secure()` that granted the request is asked again where it is not.
 */
export class Watch {
  // What is compared wherever the request is read. Undefined while the URL is guarded or a mount may be about to cut it.
  #known: string | undefined;
  #routed: string | undefined;
  #entering: string | undefined;
  // What was refused and may be no rewriting but the way back into a mounted application: it is read as it was granted,
  // and answered once it is known to be a rewriting.
  #doubt: { readonly path: string; readonly verdict: Verdict } | undefined;
  #isLooking = false;
  #isWriting = false;
  #guard: RawGuard | undefined;
  #ended: Rechecks<Recheck> | undefined;
  #endedNext: Next | undefined;
  readonly #context: Context;
  readonly #granted: GrantedReading;

  /** The request was granted with this method and URL, below this mount. */
  constructor(context: Context, method: string, url: string, mount: string) {
    this.#context = context;
    this.#granted = new GrantedReading(context, method, url, mount);
    this.#known = url;
    this.#routed = routedPathOf(context);
  }

  get isAsGranted(): boolean {
    const req = this.#req;
    return this.#known !== undefined && this.#known === req.url && this.#granted.method === req.method;
  }

  get isRouteAsGranted(): boolean {
    return this.isAsGranted && this.#routed === routedPathOf(this.#context);
  }

  /** Read anew: it is what the getters of Koa read, and may be replaced. */
  get #req(): IncomingMessage {
    return this.#context.request.req;
  }

  /** Another `secure()` has granted the request further behind. */
  grantedAgain(): void {
    this.#forgetEnded();
    this.#guardUnlessGranted();
  }

  /** Lets `secure()` read a rewritten request that it is about to decide itself. */
  letRead(): void {
    this.#unguard();
  }

  /** koa-mount tells what it cuts off the path next. */
  enter(prefix: string): void {
    this.#entering = prefix;
    this.#known = undefined;
  }

  /** Runs a setter of Koa that writes the URL or the method. It may run another one: that of the path writes the URL. */
  write(set: () => void): void {
    if (this.#isWriting) {
      set();
      return;
    }
    this.#unguard();
    const before = this.#req.url;
    this.#isWriting = true;
    try {
      set();
    } finally {
      this.#isWriting = false;
    }
    if (this.#req.url !== before) this.#moved(before);
    this.#guardUnlessGranted();
  }

  /**
   * Decides a rewritten request that is about to be read. A reader cannot wait, and what is refused must not be read.
   * @throws {RewritingRefused} for what is refused, and for what cannot be decided at once
   */
  look(): void {
    if (this.#isLooking) return;
    this.#unguard();
    this.#entering = undefined;
    const { url = '', method = '' } = this.#req;
    this.#known = this.#granted.url;
    if (this.isAsGranted) return;
    const verdict = this.#judge(url);
    if (verdict === undefined) {
      this.#grant(method, url);
      return;
    }
    this.putBack();
    const refused = new RewritingRefused(verdict, this);
    // Whoever listens to the end of a response has nothing that would catch an error.
    if (isOver(this.#context.res)) return;
    const path = pathOf(url);
    if (this.#granted.returnsTo(path) !== undefined && !(verdict instanceof Promise)) {
      this.#doubt ??= { path, verdict };
      return;
    }
    if (verdict instanceof Promise) tellCannotWait(this.#context.app);
    throw refused;
  }

  /** Runs what stands in a route of @koa/router, once it is granted. */
  enterRoute(run: () => unknown): unknown {
    this.#unguard();
    const { url = '', method = '' } = this.#req;
    const routed = routedPathOf(this.#context);
    const proceed = (verdict: Verdict | undefined): unknown => {
      if (verdict !== undefined) return this.#refuse(verdict);
      if (routed === undefined) this.#grant(method, url);
      this.#routed = routed;
      return run();
    };
    const verdict = this.#judge(urlOf(this.#context));
    if (!(verdict instanceof Promise)) return proceed(verdict);
    return verdict.then((later) => (isOver(this.#context.res) ? undefined : proceed(later)));
  }

  /**
   * Goes on behind a `secure()`, and answers what is refused there. Once that has answered, the `secure()` is asked no
   * more: what stands in front of it may rewrite what it likes.
   */
  async follow(next: Next, rechecks: Rechecks<Recheck> | undefined): Promise<unknown> {
    const wasAnswered = isAnswered(this.#context);
    let isEnd = true;
    try {
      const value = await next();
      if (!this.isAsGranted) await this.#finish();
      const doubt = this.#doubt;
      if (doubt !== undefined && (this.#granted.returnsTo(doubt.path) ?? 0) > 1) await this.#refuse(doubt.verdict);
      isEnd = !wasAnswered && isAnswered(this.#context);
      return value;
    } catch (error) {
      return await this.#failed(error);
    } finally {
      this.#forgetEnded();
      this.#ended = isEnd ? rechecks : undefined;
      this.#endedNext = next;
    }
  }

  /** Makes the request again what was granted. */
  putBack(): void {
    this.#unguard();
    this.#entering = undefined;
    this.#known = this.#granted.url;
    const req = this.#req;
    const { url, method } = this.#granted;
    if (req.url !== url) req.url = url;
    if (req.method !== method) req.method = method;
    forgetParsed(req);
  }

  /** Nobody has read what was written last. It is still decided, before it is answered. */
  async #finish(): Promise<void> {
    this.#unguard();
    const { url = '', method = '' } = this.#req;
    this.#entering = undefined;
    this.#known = this.#granted.url;
    if (this.isAsGranted || this.#context.respond === false) return;
    const verdict = await this.#judge(url);
    if (verdict === undefined) this.#grant(method, url);
    else await this.#refuse(verdict);
  }

  async #failed(error: unknown): Promise<unknown> {
    const verdict = error instanceof RewritingRefused ? error.verdictFor(this) : 'of another';
    if (verdict === 'of another') {
      if (!this.isAsGranted) this.putBack();
      throw error;
    }
    const known = await verdict;
    if (known === undefined) throw error;
    return this.#refuse(known);
  }

  #refuse(verdict: Verdict): unknown {
    this.putBack();
    if (!isAnswerable(this.#context.res)) return undefined;
    // Whoever meant to answer by itself was stopped in front of that.
    if (this.#context.respond === false) this.#context.respond = true;
    return verdict.answer();
  }

  /**
   * Takes away the `secure()` that has ended last. One that was called by hand, with another `next` than that of
   * koa-compose, may have let in what runs only now. Finding out takes long: it is put off until something reads.
   */
  #forgetEnded(): void {
    if (this.#endedNext?.name === 'bound dispatch') this.#ended?.removeFrom(this.#context.request);
    this.#ended = undefined;
    this.#endedNext = undefined;
  }

  #grant(method: string, url: string): void {
    this.#known = url;
    this.#granted.grant(method, url);
  }

  /** The URL was written: by koa-mount at the doors of an application that it mounted, or by anybody. */
  #moved(before: string | undefined): void {
    forgetParsed(this.#req);
    this.#granted.moved(before, this.#entering, this.#req.url ?? '');
    this.#entering = undefined;
    this.#known = this.#granted.url;
  }

  #judge(url: string): Eventually<Verdict | undefined> {
    // What a handler or guard reads of the context in the meantime is not decided again.
    this.#isLooking = true;
    try {
      this.#forgetEnded();
      return judge(this.#context, this.#granted.mount, url);
    } finally {
      this.#isLooking = false;
    }
  }

  #guardUnlessGranted(): void {
    if (this.isAsGranted) return;
    this.#guard ??= new RawGuard(this.#req, () => this.look());
    this.#guard.set();
    this.#known = undefined;
  }

  #unguard(): void {
    if (this.#guard?.isSet !== true) return;
    this.#guard.release();
    this.#known = this.#granted.url;
  }
}
