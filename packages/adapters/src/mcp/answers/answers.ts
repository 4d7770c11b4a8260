import type { Principal } from '@sallyport/core';
import { leaseOf } from '../../node/lease.js';
import type { NodeRequest, NodeResponse } from '../../node/node-message.js';
import { grantAbout, principalOf } from '../../node/principal.js';
import { onHead } from './answer-head.js';
import { leasedBody } from './leased-body.js';
import { rewriteBody } from './rewrite-body.js';
import { SESSION_FIELD, type Sessions } from './sessions.js';
import { ToolLists } from './tool-lists.js';

const EVENT_STREAM = /^text\/event-stream\b/i;

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

  /** An answer of Node, before anything of it is written. One that is followed already is not followed twice, and the one to a preflight that was let
   * through not at all. */
  followNode(request: NodeRequest, response: NodeResponse, isHidden: IsHidden): void {
    if (this.#followed.has(response) || grantAbout(request) === undefined) return;
    this.#followed.add(response);
    if (isHidden !== undefined) {
      const lists = new ToolLists(isHidden);
      rewriteBody(response, (body) => lists.without(body, isEventStream(response)));
    }
    onHead(response, {
      before: () => isHidden && response.removeHeader('content-length'),
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
    if (isHidden !== undefined) return withoutTools(answer, new ToolLists(isHidden));
    if (answer.body === null || !EVENT_STREAM.test(headers.get('content-type') ?? '')) return answer;
    const body = leasedBody(answer.body, leaseOf(carrier));
    return new Response(body, { status, statusText: answer.statusText, headers });
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
