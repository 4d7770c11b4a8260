import { outlive, ownMembers } from '@sallyport/core/extend';
import type { Dispatcher } from 'undici';
import { fetchFailure } from './connection-failure.js';
import type { Connections, SentRequest } from './connections.js';

export interface FetchInit extends Omit<SentRequest, 'path'> {
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** Makes one call, as the global `fetch` does: it follows no redirect, and stops when `signal` is aborted. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

/**
 * Makes calls by a `fetch`, for runtimes whose sockets undici cannot use. How long a call may take, how much of its answer is
 * read and who is blamed for a failure is up to the call, as ever.
 */
export class FetchedConnections implements Connections {
  readonly undoCodings = true;
  readonly #fetch: Fetch;
  readonly #underWay = new Set<AbortController>();

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  dispatch(origin: string, { path, ...sent }: SentRequest, handler: Dispatcher.DispatchHandler): void {
    const abortion = new AbortController();
    const controller = new FetchController(abortion);
    handler.onRequestStart?.(controller, undefined);
    this.#underWay.add(abortion);
    const init: FetchInit = ownMembers({ ...sent, redirect: 'manual', signal: abortion.signal });
    const call = this.#call(origin + path, init, controller, handler)
      .catch((error) => handler.onResponseError?.(controller, fetchFailure(error)))
      .finally(() => this.#underWay.delete(abortion));
    outlive(call);
  }

  async close(): Promise<void> {
    for (const abortion of this.#underWay) abortion.abort(new Error('the connections were closed'));
  }

  async #call(
    url: string,
    init: FetchInit,
    controller: FetchController,
    handler: Dispatcher.DispatchHandler,
  ): Promise<void> {
    const fetch = this.#fetch;
    const { status, headers, body } = await fetch(url, init);
    handler.onResponseStart?.(controller, status, Object.fromEntries(headers));
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      // Not every fetch ends a body by the signal.
      init.signal.throwIfAborted();
      handler.onResponseData?.(controller, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    handler.onResponseEnd?.(controller, {});
  }
}

/** A body is read as it comes. */
class FetchController implements Dispatcher.DispatchController {
  readonly paused = false;
  readonly #abortion: AbortController;

  constructor(abortion: AbortController) {
    this.#abortion = abortion;
  }

  get aborted(): boolean {
    return this.#abortion.signal.aborted;
  }

  get reason(): Error | null {
    return this.#abortion.signal.reason ?? null;
  }

  pause(): void {}

  resume(): void {}

  abort(reason: Error): void {
    this.#abortion.abort(reason);
  }
}
