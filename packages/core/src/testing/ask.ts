import type { SecurityChain } from '../chain/chain.js';
import type { DecisionEvent } from '../events/decision-events.js';
import * as option from '../options/options.js';
import type { Principal } from '../principal/principal.js';
import type { HeaderLine } from '../verdict/verdict.js';
import { buildRequest, type RequestLine, type RequestParts } from './build-request.js';

/** The answer of a chain, and how the chain came to it. */
export interface Answer {
  /** 200 when granted. */
  readonly status: number;
  readonly principal: Principal | undefined;
  /** The stable reason code of a denial. */
  readonly reason: string | undefined;
  readonly headers: readonly HeaderLine[];
  /** The values of the `WWW-Authenticate` lines. */
  readonly challenges: readonly string[];
  /** Empty when granted. */
  readonly body: string;
  /** Lists every handler that was asked, its verdict, and the bug of the decision if there was one. */
  readonly event: DecisionEvent;
}

export const ASK_OPTIONS = option.table('AskOptions', {
  /** Whether listeners hear of the decision: those of `onDecision`, of the channel and of the chain itself. */
  publish: option.withDefault(option.flag, false),
});

/** How `ask` asks; all are optional. */
export interface AskOptions extends option.Given<typeof ASK_OPTIONS> {}

/**
 * Asks a chain in one line. No part of the chain is replaced.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const { status, reason } = await ask(chain, 'GET /orders', { bearer: token });
 */
export async function ask(
  chain: SecurityChain,
  line?: RequestLine,
  parts?: RequestParts,
  options: AskOptions = {},
): Promise<Answer> {
  const { decision, event } = await chain.explain(buildRequest(line, parts), ASK_OPTIONS(options));
  const { headers } = decision;
  const challenges = headers.filter(([name]) => name === 'WWW-Authenticate').map(([, value]) => value);
  return decision.kind === 'granted'
    ? { status: 200, principal: decision.principal, reason: undefined, headers, challenges, body: '', event }
    : {
        status: decision.status,
        principal: undefined,
        reason: decision.reason,
        headers,
        challenges,
        body: decision.body,
        event,
      };
}
