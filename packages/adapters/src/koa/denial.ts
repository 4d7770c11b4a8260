import type { PublicAnswer } from '@sallyport/core';
import type { Context } from 'koa';
import { isAnswerable } from '../node/node-message.js';
import { headerFields } from '../node/write-denial.js';

export function answerDenial(denied: PublicAnswer, context: Context): void {
  context.status = denied.status;
  for (const [name, value] of headerFields(denied.headers)) context.set(name, value);
  context.body = denied.body;
  // Setting the body made Koa set this header in its own spelling.
  context.set('content-length', String(Buffer.byteLength(denied.body)));
}

/** Whether anything has set an answer: Koa keeps that 404 was set, and did not only stay. */
export function isAnswered({ response, respond, res }: Context): boolean {
  return (
    respond === false || (response as { _explicitStatus?: boolean })._explicitStatus === true || !isAnswerable(res)
  );
}
