import type { ExecutionContext } from '@nestjs/common';
import type { Ask } from './platforms/platform.js';

/** What the requests of both platforms tell; where an application is mounted in another one, `baseUrl`, too. */
interface PlatformRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl: string;
  readonly baseUrl?: string;
}

/** What a request has passed last: a second guard of the same demands lets it through. */
interface Passage extends PlatformRequest {
  readonly ask: Ask;
}

const passages = new WeakMap<object, Passage>();

/**
 * True if the request of a route is granted. A refusal is written at once, and the promise then stays open: any value and any
 * exception would give the word to exception filters, which would answer once more.
 */
export function passes(context: ExecutionContext, ask: Ask): true | Promise<true> {
  const http = context.switchToHttp();
  const request: PlatformRequest = http.getRequest();
  if (hasPassed(request, ask)) return true;
  let isGranted = false;
  let grant: ((granted: true) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  ask(request, http.getResponse(), (error) => {
    if (error !== undefined) return fail?.(error);
    const { method, url, originalUrl, baseUrl = '' } = request;
    passages.set(request, { ask, method, url, originalUrl, baseUrl });
    isGranted = true;
    grant?.(true);
  });
  if (isGranted) return true;
  return new Promise((resolve, reject) => {
    grant = resolve;
    fail = reject;
  });
}

/** False where the application has changed what a request is since. */
function hasPassed(request: PlatformRequest, ask: Ask): boolean {
  const last = passages.get(request);
  if (last?.ask !== ask) return false;
  const { method, url, originalUrl, baseUrl = '' } = request;
  return last.method === method && last.url === url && last.originalUrl === originalUrl && last.baseUrl === baseUrl;
}
