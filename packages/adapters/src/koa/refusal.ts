import type { DeniedDecision } from '@sallyport/core';
import type { Eventually } from '@sallyport/core/extend';
import type Application from 'koa';
import { headerFields } from '../node/write-denial.js';

/** A refusal, and how the `secure()` whose chain refused answers it. */
export interface Verdict {
  readonly denied: DeniedDecision;
  answer(): unknown;
}

/**
 * Thrown where a rewritten request is read. `secure()` catches it and answers. If anything else catches it, it is an error
 * of HTTP as `ctx.throw` makes it.
 */
export class RewritingRefused extends Error {
  readonly status: number;
  readonly statusCode: number;
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string | string[]>> = {};
  readonly #verdict: Eventually<Verdict | undefined>;
  readonly #watch: object;

  constructor(verdict: Eventually<Verdict | undefined>, watch: object) {
    const denied = verdict instanceof Promise ? undefined : verdict?.denied;
    super(denied?.body ?? CANNOT_WAIT);
    this.name = 'RewritingRefused';
    this.status = denied?.status ?? 500;
    this.statusCode = this.status;
    this.expose = denied !== undefined;
    if (denied !== undefined) this.headers = Object.fromEntries(headerFields(denied.headers));
    this.#verdict = verdict;
    this.#watch = watch;
    // Nobody waits for it where the error was caught further behind.
    if (verdict instanceof Promise) verdict.catch(() => {});
  }

  /** The refusal, once it is known. Undefined if the request was granted, but too late for what read it. */
  verdictFor(watch: object): Eventually<Verdict | undefined> | 'of another' {
    return this.#watch === watch ? this.#verdict : 'of another';
  }
}

const CANNOT_WAIT =
  'koaSecurity: a request was rewritten behind secure(), and its decision has to be waited for. ' +
  'Rewrite in front of secure(), or mount secure() again behind the rewriting';

const told = new WeakSet<Application>();

/** Tells the operator once for each application. */
export function tellCannotWait(application: Application): void {
  if (told.has(application)) return;
  told.add(application);
  process.emitWarning(CANNOT_WAIT, 'SallyportWarning');
}
