import {
  authenticated,
  createPrincipal,
  type Decision,
  denied,
  guard,
  limited,
  type Principal,
  type RateLimitCollaborators,
  rateLimit,
  route,
  routes,
  SecurityChain,
  type SecurityHandler,
  type StatisticsOptions,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { challenge, type SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, ManualClock, type RequestLine } from '@sallyport/core/testing';

/** Does what the header says: refuses, fails, or takes it for the name of a client. */
class ObedientHandler implements SecurityHandler<string> {
  readonly name = 'obedient';
  readonly source = 'header:x-says';
  readonly challenges = [challenge('Says')];
  readonly #seen = new Set<string>();
  /** What happens while the next credential is verified. */
  meanwhile: (() => void) | undefined;
  /** Who the next caller is. */
  caller: Principal | undefined;

  extract(request: SecurityRequest): string | undefined {
    return request.header('x-says');
  }

  verify(said: string, request: SecurityRequest): Verdict {
    request.trace?.noteCache(this.#seen.has(said) ? 'hit' : 'miss');
    this.#seen.add(said);
    this.meanwhile?.();
    if (said.startsWith('bad_')) return denied(said);
    if (said === 'wait') return limited({ retryAfterSeconds: 9 });
    if (said === 'outage') return unavailable('server_down', { detail: 'db.internal: no answer' });
    const named = createPrincipal({ issuer: 'https://as.example', subject: 'alice', clientId: said });
    return authenticated(this.caller ?? named);
  }
}

export interface Counting {
  readonly chain: SecurityChain;
  readonly handler: SecurityHandler;
  readonly clock: ManualClock;
  /** Sends what a client says, to `GET /pets/7` or elsewhere. */
  readonly ask: (said: string, line?: RequestLine, meanwhile?: () => void) => Promise<Decision>;
  /** A caller that is this principal. */
  readonly askAs: (caller: Principal) => Promise<Decision>;
}

/** A chain with statistics. */
export function counting(statistics: StatisticsOptions = {}, services: RateLimitCollaborators = {}): Counting {
  const clock = new ManualClock();
  const handler = new ObedientHandler();
  const noDeletions = guard('no_deletions', ({ subject }) => subject === 'nobody');
  const limit = { name: 'orders', limit: 10, windowSeconds: 3_600, by: 'client', cost: 2 } as const;
  const orders = rateLimit(limit, { clock, ...services });
  const operations = routes([
    route('GET', '/pets/{petId}', { id: 'readPet' }),
    route('POST', '/orders', { id: 'placeOrder', guards: [orders] }),
    route('DELETE', '/pets/{petId}', { id: 'deletePet', guards: [noDeletions] }),
  ]);
  const chain = new SecurityChain({ name: 'api', requirement: handler, operations, statistics }, { clock });
  const ask = async (said: string, line: RequestLine = 'GET /pets/7', meanwhile?: () => void) => {
    handler.meanwhile = meanwhile;
    return chain.decide(buildRequest(line, { headers: { 'X-Says': said }, remoteAddress: '192.0.2.1' }));
  };
  const askAs = async (caller: Principal) => {
    handler.caller = caller;
    return ask('somebody');
  };
  return { chain, handler, clock, ask, askAs };
}
