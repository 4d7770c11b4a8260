import type { Principal } from '@sallyport/core';
import { whenClosed } from '../../node/close-answer.js';
import { leaseOf } from '../../node/lease.js';
import type { NodeRequest, NodeResponse } from '../../node/node-message.js';
import { grantAbout, principalOf } from '../../node/principal.js';
import { onHead } from './answer-head.js';
import { EndpointEvent } from './endpoint-event.js';
import { leasedBody } from './leased-body.js';
import { onWrite } from './on-write.js';
import { rewriteBody } from './rewrite-body.js';
import { SESSION_FIELD, type Sessions } from './sessions.js';
import { ToolLists } from './tool-lists.js';

const EVENT_STREAM = /^text\/event-stream\b/i;

/** What a lease closes of an answer that is held back: nothing has been sent, and its body is ended in any case. */
const HELD_BACK = { close() {}, send() {} };

/** Tells which tools a list is not to show. */
type IsHidden = ((tool: string) => boolean) | undefined;

/** The part of a request that says which session it ends. */
interface Ending {
  readonly method: string | undefined;
  readonly session: string | undefined;
}

/**
 * Follows the answers to granted requests: whose session they open or end, and how long a stream goes on. Other answers are
 * finished soon, and are left as they are.
 */
export class Answers {
  readonly #sessions: Sessions;
  readonly #followed = new WeakSet<object>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /**
   * Follows an answer of Node, before anything of it is written. It is followed once, however often it is passed. The answer to a
   * preflight that was let through is not followed.
   */
  followNode(request: NodeRequest, response: NodeResponse, isHidden: IsHidden): void {
    if (this.#followed.has(response) || grantAbout(request) === undefined) return;
    this.#followed.add(response);
    const shortened = isHidden && this.#shorten(response, isHidden);
    if (request.method === 'GET') this.#awaitEndpoint(request, response);
    onHead(response, {
      before: () => shortened?.noteHead(),
      after: (status) => {
        const ending = { method: request.method, session: textOf(request.headers[SESSION_FIELD]) };
        this.#noteSession(status, textOf(response.getHeader(SESSION_FIELD)), ending, principalOf(request));
        if (isEventStream(response)) leaseOf(request);
      },
    });
  }

  /** An answer of a fetch handler. `carrier` is what `leaseOf` takes: the Request, or Hono's context. */
  followed(request: Request, carrier: object, answer: Response, isHidden: IsHidden): Response | Promise<Response> {
    if (grantAbout(carrier) === undefined) return answer;
    const { status, headers } = answer;
    const ending = { method: request.method, session: request.headers.get(SESSION_FIELD) ?? undefined };
    this.#noteSession(status, headers.get(SESSION_FIELD) ?? undefined, ending, principalOf(carrier));
    // What is held back and shortened goes on under its lease, too.
    const leased = this.#leased(request, carrier, answer, isHidden !== undefined);
    return isHidden === undefined ? leased : withoutTools(leased, new ToolLists(isHidden));
  }

  #leased(request: Request, carrier: object, answer: Response, isHeldBack: boolean): Response {
    const { status, statusText, headers } = answer;
    if (answer.body === null || !EVENT_STREAM.test(headers.get('content-type') ?? '')) return answer;
    const lease = leaseOf(carrier, isHeldBack ? { closes: HELD_BACK } : {});
    const endpoint = new EndpointEvent();
    const body = leasedBody(answer.body, lease, (chunk) => {
      const id = request.method === 'GET' ? endpoint.sessionIn(chunk) : undefined;
      if (id !== undefined) this.#noteStream(id, principalOf(carrier), (over) => lease.onEnd(over));
    });
    return new Response(body, { status, statusText, headers });
  }

  /** What is encoded by then stays as it is. Compression in front encodes what is written here, and says so with the head. */
  #shorten(response: NodeResponse, isHidden: (tool: string) => boolean): { noteHead(): void } {
    const lists = new ToolLists(isHidden);
    let isEncoded: boolean | undefined;
    rewriteBody(response, (body) =>
      (isEncoded ?? response.hasHeader('content-encoding'))
        ? body
        : lists.without(body.toString(), isEventStream(response)),
    );
    return {
      noteHead() {
        isEncoded = response.hasHeader('content-encoding');
        response.removeHeader('content-length');
      },
    };
  }

  #awaitEndpoint(request: NodeRequest, response: NodeResponse): void {
    const endpoint = new EndpointEvent();
    onWrite(response, (chunk) => {
      const id = isEventStream(response) ? endpoint.sessionIn(chunk) : undefined;
      if (id !== undefined) this.#noteStream(id, principalOf(request), (over) => whenClosed(response, over));
    });
  }

  /** A session that lasts as long as the stream that has opened it. */
  #noteStream(id: string, principal: Principal, onOver: (listener: () => void) => void): void {
    if (this.#sessions.opened(id, principal)) onOver(() => this.#sessions.ended(id));
  }

  #noteSession(status: number, opened: string | undefined, ending: Ending, principal: Principal): void {
    if (status >= 300) return;
    if (ending.method === 'DELETE') {
      if (ending.session !== undefined) this.#sessions.ended(ending.session);
    } else if (opened !== undefined) this.#sessions.opened(opened, principal);
  }
}

function isEventStream(response: NodeResponse): boolean {
  return EVENT_STREAM.test(textOf(response.getHeader('content-type')) ?? '');
}

async function withoutTools(answer: Response, lists: ToolLists): Promise<Response> {
  if (answer.headers.has('content-encoding')) return answer;
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  headers.delete('content-length');
  const body = await answer.text();
  const isEvents = EVENT_STREAM.test(headers.get('content-type') ?? '');
  return new Response(body === '' ? null : lists.without(body, isEvents), { status, statusText, headers });
}

function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : [value].flat().join(', ');
}
