import type { SecurityChain } from '../chain/chain.js';
import { keepAlive } from '../clock/keep-alive.js';
import type { DecisionEvent } from '../events/decision-events.js';
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

/** A little more than the longest deadline that a chain can have. */
const LONGEST_MS = 61_000;

/** Asks a chain in one line: `await ask(chain, 'GET /orders', { bearer: token })`. No part of the chain is replaced. */
export async function ask(chain: SecurityChain, line?: RequestLine, parts?: RequestParts): Promise<Answer> {
  const { decision, event } = await keepAlive(chain.explain(buildRequest(line, parts)), LONGEST_MS);
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
