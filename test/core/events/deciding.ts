import {
  authenticated,
  createPrincipal,
  type Decision,
  type DecisionEvent,
  type DecisionListener,
  denied,
  onDecision,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { bearerChallenge, type IncomingRequest, SecurityRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';

const ALICE = authenticated(
  createPrincipal({ issuer: 'https://as.example', subject: 'alice', clientId: 'shop', scopes: ['read'] }),
);

/** A bearer handler that does what the token says, and takes half a second for everything but `good`. */
export class ObedientHandler implements SecurityHandler<string> {
  readonly name = 'obedient';
  readonly challenges = [bearerChallenge('test')];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  extract({ authorization }: SecurityRequest): string | undefined {
    return authorization.kind === 'credentials' ? authorization.value : undefined;
  }

  verify(token: string, request: SecurityRequest): Verdict {
    request.trace?.noteCache(token === 'good' ? 'hit' : 'miss');
    if (token === 'good') return ALICE;
    this.#clock.pass(0.5);
    if (token === 'outage')
      return unavailable('server_down', { retryAfterSeconds: 7, detail: 'db.internal: no\nanswer' });
    if (token === 'bug') throw new RangeError(`cannot read ${token}`);
    return denied(token);
  }
}

export interface Deciding {
  readonly chain: SecurityChain;
  /** Sends a token to `GET /pets/7` or to another target. */
  readonly ask: (token: string | undefined, source?: Partial<IncomingRequest>) => Promise<Decision>;
}

export function deciding(listeners: readonly DecisionListener[] = []): Deciding {
  const clock = new ManualClock();
  const chain = new SecurityChain(
    {
      name: 'api',
      requestId: () => 'request-1',
      requirement: new ObedientHandler(clock),
      operations: routes([
        route('GET', '/pets/{petId}', { id: 'readPet' }),
        route('DELETE', '/pets/{petId}', { id: 'deletePet', guards: [requireScopes('write')] }),
      ]),
    },
    { clock, random: () => 0, listeners },
  );
  const ask = async (token: string | undefined, source: Partial<IncomingRequest> = {}) => {
    const rawHeaders = token === undefined ? [] : ['Authorization', `Bearer ${token}`];
    const request = { method: 'GET', target: '/pets/7?view=all', remoteAddress: '192.0.2.1', rawHeaders, ...source };
    return chain.decide(new SecurityRequest(request));
  };
  return { chain, ask };
}

/** The events of everything that `task` decides. */
export async function eventsOf(task: () => Promise<unknown>): Promise<readonly DecisionEvent[]> {
  const events: DecisionEvent[] = [];
  const stop = onDecision((event) => events.push(event));
  try {
    await task();
  } finally {
    stop();
  }
  return events;
}
