import type { DeniedDecision } from '@sallyport/core';
import type { Eventually } from '@sallyport/core/extend';
import type { Context } from 'koa';
import { rechecksOf } from '../node/rechecks.js';
import type { Verdict } from './refusal.js';

/** How one `secure()` looks again at a request that it has granted. */
export interface Recheck {
  /** Decides what runs at a URL below a mount; undefined if it is granted. */
  decide(context: Context, mount: string, url: string): Eventually<DeniedDecision | undefined>;
  refuse(denied: DeniedDecision, context: Context): unknown;
}

/** Asks each `secure()` that has granted a request; the first refusal counts. */
export function judge(context: Context, mount: string, url: string, index = 0): Eventually<Verdict | undefined> {
  const recheck = rechecksOf<Recheck>(context.request)?.[index];
  if (recheck === undefined) return undefined;
  const goOn = (denied: DeniedDecision | undefined): Eventually<Verdict | undefined> =>
    denied === undefined
      ? judge(context, mount, url, index + 1)
      : { denied, answer: () => recheck.refuse(denied, context) };
  const denied = recheck.decide(context, mount, url);
  return denied instanceof Promise ? denied.then(goOn) : goOn(denied);
}
