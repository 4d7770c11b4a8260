import type { ExecutionContext } from '@nestjs/common';
import type { Ask } from './platforms/platform.js';

/**
 * True if the request of a route is granted. A refusal is written at once, and the promise then stays open: any value and any
 * exception would give the word to exception filters, which would answer once more.
 */
export function passes(context: ExecutionContext, ask: Ask): true | Promise<true> {
  const http = context.switchToHttp();
  let isGranted = false;
  let grant: ((granted: true) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  ask(http.getRequest(), http.getResponse(), (error) => {
    if (error !== undefined) return fail?.(error);
    isGranted = true;
    grant?.(true);
  });
  if (isGranted) return true;
  return new Promise((resolve, reject) => {
    grant = resolve;
    fail = reject;
  });
}
