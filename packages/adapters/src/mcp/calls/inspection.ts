import { type Guard, type GuardVerdict, guard, type Principal, SallyportError, unavailable } from '@sallyport/core';
import { ABSTAINED, type Eventually, SecurityRequest, UnfitRequestError } from '@sallyport/core/extend';
import { type Call, TOOL_CALL } from './call.js';
import type { CallRules } from './call-rules.js';
import { headerCallOf, isToldBy } from './header-call.js';
import { checkForm, messagesOf, type Posted, postedIn } from './posted.js';

/** Who may use a session. */
export interface SessionCheck {
  /** @throws {UnfitRequestError} for a session that is not the caller's */
  check(request: SecurityRequest, principal: Principal): void;
}

/** What the body of a request asks for. */
export interface Inspected {
  readonly calls: readonly Call[];
  readonly id: Posted['id'];
}

/** Methods whose bodies no server of MCP reads: streams and ends of sessions have none. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

/**
 * Looks at what is in a request besides its credentials: the session, and the calls in the body, which have to be those that
 * the header fields say. What a server runs is its body, so that the body decides, whatever the server itself compares.
 */
export class Inspection {
  /** Has no vote: it refuses what is unfit, and lets rules decide about the rest. */
  readonly guard: Guard;
  readonly #rules: CallRules;
  readonly #sessions: SessionCheck;
  readonly #maxBodyBytes: number;
  /** By what a request is in all decisions about it. */
  readonly #inspected = new WeakMap<object, Inspected>();

  constructor(rules: CallRules, sessions: SessionCheck, maxBodyBytes: number) {
    this.#rules = rules;
    this.#sessions = sessions;
    this.#maxBodyBytes = maxBodyBytes;
    this.guard = guard('mcp request', (principal, request) => this.#check(principal, request));
  }

  /** Whether the body of a request of this method is read. */
  readsBodies(method: string): boolean {
    return this.#rules.tellsCalls && !BODILESS.has(method);
  }

  /** What was found in a request; undefined where its body was not read. */
  of(request: SecurityRequest): Inspected | undefined {
    const identity = SecurityRequest.identityOf(request);
    return identity && this.#inspected.get(identity);
  }

  #check(principal: Principal, request: SecurityRequest): Eventually<GuardVerdict> {
    this.#sessions.check(request, principal);
    return this.readsBodies(request.method) ? this.#read(request) : ABSTAINED;
  }

  async #read(request: SecurityRequest): Promise<GuardVerdict> {
    const readings = await this.#readingsOf(request);
    if (readings === undefined) return unavailable('client_gone');
    const calls = readings.flatMap((posted) => posted.calls);
    const identity = SecurityRequest.identityOf(request);
    if (identity !== undefined) this.#inspected.set(identity, { calls, id: readings[0]?.id ?? null });
    const told = headerCallOf(request);
    if (!readings.every((posted) => isToldBy(told, posted.calls, posted.isBatch)))
      throw new UnfitRequestError(
        'unroutable',
        'mcp_header_mismatch',
        'the header fields name another call than the body',
      );
    if (this.#rules.tellsTools && calls.some(({ method, name }) => method === TOOL_CALL && name === undefined))
      throw new UnfitRequestError('unroutable', 'mcp_tool_unnamed');
    return ABSTAINED;
  }

  /**
   * The bytes and, where somebody in front has parsed a body, what came out: either may be what the server is given. Undefined
   * where the client has gone.
   */
  async #readingsOf(request: SecurityRequest): Promise<readonly Posted[] | undefined> {
    const parsed = parsedBodyOf(request);
    const ofParser = parsed === undefined ? [] : [messagesOf(parsed)];
    const bytes = await SecurityRequest.bodyOf(request, this.#maxBodyBytes).catch((error: unknown) => {
      if (parsed !== undefined && isConsumed(error)) return undefined;
      throw error;
    });
    if (bytes === undefined) return ofParser;
    if (bytes === 'too_large') throw new UnfitRequestError('oversized', 'mcp_body_too_large');
    if (typeof bytes === 'string') return undefined;
    checkForm(request.header('content-type'), request.header('content-encoding'));
    return [postedIn(bytes), ...ofParser];
  }
}

function isConsumed(error: unknown): boolean {
  return error instanceof SallyportError && error.code === 'ERR_SALLYPORT_BODY_UNREADABLE';
}

/** What a body parser has left where applications look for it. Buffers, texts and streams are not parsed. */
function parsedBodyOf(request: SecurityRequest): object | undefined {
  const { body } = (SecurityRequest.identityOf(request) ?? {}) as { readonly body?: unknown };
  if (typeof body !== 'object' || body === null) return undefined;
  const prototype = Object.getPrototypeOf(body);
  return Array.isArray(body) || prototype === Object.prototype || prototype === null ? body : undefined;
}
