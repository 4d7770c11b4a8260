import { anonymous, requireScopes, route, routes, type SecurityChain } from '@sallyport/core';
import { demoChain } from '../demo-chain.js';
import type { DemoServer } from '../demo-servers.js';

/** What an operation asks of its caller: nothing, a token, a token with a scope. */
export type Level = 'open' | 'token' | 'scoped';

export interface RewritingOptions {
  readonly allowRewriting?: boolean;
}

/** One way in which an application rewrites or forwards a request on its way to the handler that runs. */
export interface RewritingRow {
  readonly name: string;
  readonly protocol?: 'h2';
  /**
   * Where the received operation is kept. Without it only the one that runs is judged: nobody knows what HTTP/1.1 said
   * once `req.method` or, in front of any framework, `req.url` is overwritten.
   */
  readonly isReceivedLost?: true;
  /** The chain is asked in front of the rewriting, too: whatever is allowed, it judges the received operation there. */
  readonly isAskedBefore?: true;
  /**
   * What stands behind the rewriting reads the request and cannot wait: what is not decided at once is a bug of the set-up,
   * which the operator is told.
   */
  readonly isReadAtOnce?: true;
  /** The request that is received as an operation of level `from`, and run as one of level `to`. */
  sent(
    from: Level,
    to: Level,
  ): { readonly method: string; readonly target: string; readonly lines?: readonly string[] };
  open(chain: SecurityChain, options: RewritingOptions): Promise<DemoServer>;
}

const SCOPED = { guards: [requireScopes('orders:read')] };
const DEFINITIONS = { open: { requirement: anonymous() }, token: {}, scoped: SCOPED } as const;
const METHODS = { open: 'PUT', token: 'POST', scoped: 'DELETE' } as const;

/** An operation of each level at `/<level>`, everything below it, the same at `/m`, and by method at `/things`. */
export function rewritingChain(): SecurityChain {
  const levels = Object.keys(DEFINITIONS) as Level[];
  const operations = levels.flatMap((level) => [
    ...['', '/{a}', '/{a}/{b}'].flatMap((rest) =>
      ['', '/m'].map((mount) => route('GET', `${mount}/${level}${rest}`, DEFINITIONS[level])),
    ),
    route(METHODS[level], '/things', DEFINITIONS[level]),
  ]);
  return demoChain({ operations: routes(operations) });
}

/** `/<from>/<to>`, of which the application cuts off the first segment. */
export const stripped: RewritingRow['sent'] = (from, to) => ({ method: 'GET', target: `/${from}/${to}?a=b` });

/** The same below a mount, which the client asks for. */
export const strippedInMount: RewritingRow['sent'] = (from, to) => ({ method: 'GET', target: `/m/${from}/${to}` });

/** `/<from>/m/<to>`, which becomes a path below the mount. */
export const strippedToMount: RewritingRow['sent'] = (from, to) => ({ method: 'GET', target: `/${from}/m/${to}` });

/** `/<from>/<to>/<to>`, of which two middlewares cut off a segment each: what is in between is an operation, too. */
export const strippedTwice: RewritingRow['sent'] = (from, to) => ({ method: 'GET', target: `/${from}/${to}/${to}` });

export const overridden: RewritingRow['sent'] = (from, to) => ({
  method: METHODS[from],
  target: '/things',
  lines: [`X-HTTP-Method-Override: ${METHODS[to]}`],
});

export function withoutFirstSegment(url: string): string {
  return url.replace(/^\/[^/?]+(?=\/)/, '');
}

/** What an operation of a level answers with to nobody, to a caller without the scope, and to one with it. */
export const ANSWERS: Readonly<Record<Level, readonly number[]>> = {
  open: [200, 200, 200],
  token: [401, 200, 200],
  scoped: [401, 403, 200],
};
