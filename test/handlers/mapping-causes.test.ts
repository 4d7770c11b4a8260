import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecurityChain, UpstreamError } from '@sallyport/core';
import { type Answer, AuthorizationServer, ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler, onIntrospectionEvent } from '@sallyport/handlers/introspection';
import { JwtHandler, type MapPrincipal, onJwtEvent, type TrustedIssuer } from '@sallyport/handlers/jwt';

const outbound = { allowInsecureLoopback: true };

let clock: ManualClock;
let server: AuthorizationServer;
let chain: SecurityChain;
let bearer: string;
let events: object[];
let stops: readonly (() => void)[];

beforeEach(async () => {
  clock = new ManualClock();
  server = await AuthorizationServer.start({ clock });
  bearer = String((await server.as({ subject: 'alice' })).bearer);
  events = [];
  const note = (event: object) => events.push(event);
  stops = [onJwtEvent(note), onIntrospectionEvent(note)];
});

afterEach(async () => {
  for (const stop of stops) stop();
  await chain.close();
  await server.close();
});

function introspecting(mapPrincipal: MapPrincipal): IntrospectionHandler {
  const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  return new IntrospectionHandler(
    { name: 'mapped', realm: 'test', endpoint, clientAuthentication, mapPrincipal, outbound },
    { clock },
  );
}

function verifying(mapPrincipal: MapPrincipal): JwtHandler {
  const { issuer, audience, jwksUri } = server;
  const keys = { jwksUri, outbound };
  const trusted: TrustedIssuer = { issuer, audience, algorithms: 'ES256', keys, requiredClaims: ['iat'], mapPrincipal };
  return new JwtHandler({ name: 'mapped', realm: 'test', issuers: [trusted] }, { clock });
}

/** Fails as the driver of a database does. */
class DatabaseError extends Error {
  readonly code = 'ECONNREFUSED';
}

describe.each([
  ['JWT', verifying],
  ['introspection', introspecting],
])('a mapping of the %s handler', (_handler, handlerWith) => {
  function open(map: MapPrincipal): void {
    chain = new SecurityChain({ requirement: handlerWith(map) }, { clock });
  }

  const answered = (map: MapPrincipal): Promise<Answer> => {
    open(map);
    return ask(chain, '/', { bearer });
  };
  const told = (outcome: string, error: unknown) => [
    { kind: 'principal_mapping_failed', handler: 'mapped', outcome, error },
  ];

  test('that rejects is told with class, code, frames and message, and the client learns nothing of it', async () => {
    const answer = await answered(async () => {
      throw new DatabaseError('no pool at db.internal');
    });
    const frames = expect.arrayContaining([expect.stringMatching(/^at .*mapping-causes/)]);
    const error = { name: 'DatabaseError', code: 'ECONNREFUSED', message: 'no pool at db.internal', frames };
    expect(events).toEqual(told('rejected', error));
    expect(answer.event.steps[0]?.detail).toBe('mapPrincipal rejected with DatabaseError (ECONNREFUSED)');
    expect(JSON.stringify([answer.headers, answer.body])).not.toMatch(/db.internal|Database|mapPrincipal/);
  });

  test.each<[string, (token: string) => unknown]>([
    ['the token', (token) => token],
    ['the token in a URL', (token) => `https://u.test/?t=${encodeURIComponent(token)}&x=1`],
    ['its beginning alone', (token) => token.slice(0, 16)],
    ['a part of it', (token) => token.slice(10, 40)],
    ['it without its signature', (token) => token.split('.').slice(0, 2).join('.')],
  ])('whose error quotes %s is told without that (CWE-532)', async (_what, quote) => {
    await answered(() => Promise.reject(new Error(`lookup of ${quote(bearer)} failed`)));
    const [{ error }] = events as [{ error: { message: string } }];
    expect(error.message).toMatch(/^lookup of .*\(cut out\).* failed$/);
    for (let start = 0; start + 12 <= bearer.length; start += 1) {
      expect(error.message).not.toContain(bearer.slice(start, start + 12));
    }
  });

  test('whose error goes on for ever, over many lines, is told in one short line (CWE-117)', async () => {
    await answered(() => Promise.reject(new Error(`a\nb ${'c d '.repeat(1_000)}`)));
    const [{ error }] = events as [{ error: { message: string } }];
    expect(error.message).toMatch(/^a\?b [ -~]{490,496}$/);
  });

  test('that throws is told as well, besides the bug', async () => {
    const answer = await answered(() => {
      throw new RangeError('no tenant');
    });
    expect(answer).toMatchObject({ status: 500, event: { fault: { culprit: 'mapped', name: 'RangeError' } } });
    expect(events).toMatchObject(told('threw', { name: 'RangeError', message: 'no tenant', code: undefined }));
  });

  test('that throws an outage is told with the outage', async () => {
    await answered(() => {
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_TIMEOUT', 'users are slow');
    });
    const error = { name: 'UpstreamError', code: 'ERR_SALLYPORT_UPSTREAM_TIMEOUT', message: 'users are slow' };
    expect(events).toMatchObject(told('threw', error));
  });

  test.each<[string, unknown]>([
    ['a text', 'no error'],
    ['nothing', undefined],
    [
      'what cannot be read',
      Object.defineProperty(new Error('m'), 'message', {
        get() {
          throw new Error('do not look');
        },
      }),
    ],
  ])('that rejects with %s breaks nothing', async (_what, reason) => {
    const answer = await answered(() => Promise.reject(reason));
    expect(answer.reason).toBe('principal_mapping_failed');
    expect(events).toMatchObject(told('rejected', { message: '' }));
  });

  test.each<[string, MapPrincipal]>([
    ['returns', () => ({ subject: 'alice', isAdmin: true }) as never],
    ['promises', async () => ({ subject: 'alice', isAdmin: true }) as never],
  ])('that %s what makes no principal is told with what is wrong', async (_what, map) => {
    expect((await answered(map)).status).toBe(500);
    const message = 'mapPrincipal must return the members of a principal, and no others';
    expect(events).toMatchObject(told('no_principal', { name: 'TypeError', message }));
  });

  test('that is good is not told', async () => {
    expect((await answered(async (init) => init)).status).toBe(200);
    expect(events).toEqual([]);
  });

  describe('gets a signal', () => {
    /** Begins a decision whose mapping waits, and comes back when it does. */
    async function waiting(client?: AbortController) {
      let begun = () => {};
      const hasBegun = new Promise<void>((resolve) => {
        begun = resolve;
      });
      let signal: AbortSignal | undefined;
      open((_init, _claims, call) => {
        signal = call.signal;
        begun();
        return new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        });
      });
      const decision = chain.explain(buildRequest('GET /', { bearer, client: client?.signal }));
      await hasBegun;
      await turn();
      return { decision, signal: signal as unknown as AbortSignal };
    }

    test('that fires when its deadline is over; what it then rejects with is not told', async () => {
      const { decision, signal } = await waiting();
      expect(signal.aborted).toBe(false);
      clock.pass(2);
      const { event } = await decision;
      expect([signal.aborted, signal.reason.name]).toEqual([true, 'TimeoutError']);
      expect(event).toMatchObject({ status: 503, reason: 'principal_mapping_timed_out' });
      expect(event.steps[0]?.detail).toBe('mapPrincipal took longer than 2000 ms');
      await turn();
      expect(events).toEqual(told('timed_out', undefined));
    });

    test('that fires when the only request is gone', async () => {
      const client = new AbortController();
      const { decision, signal } = await waiting(client);
      client.abort();
      await decision;
      await turn();
      expect(signal.aborted).toBe(true);
    });

    test('that does not fire as long as another request waits for the same token', async () => {
      const client = new AbortController();
      const { decision, signal } = await waiting(client);
      const other = chain.explain(buildRequest('GET /', { bearer }));
      await turn();
      client.abort();
      await decision;
      await turn();
      expect(signal.aborted).toBe(false);
      clock.pass(2);
      await other;
      expect(signal.aborted).toBe(true);
    });

    test('that is aborted from the start for one that looks at it too late', async () => {
      let late = () => true;
      const pending = answered((_init, _claims, call) => {
        late = () => call.signal.aborted;
        return new Promise<never>(() => {});
      });
      while (clock.waiting < 2) await turn();
      clock.pass(2);
      await pending;
      expect(late()).toBe(true);
    });

    test('that never fires once the mapping is done', async () => {
      let signal: AbortSignal | undefined;
      const client = new AbortController();
      open(async (init, _claims, call) => {
        signal = call.signal;
        return init;
      });
      await chain.decide(buildRequest('GET /', { bearer, client: client.signal }));
      client.abort();
      clock.pass(60);
      await turn();
      expect(signal?.aborted).toBe(false);
    });
  });
});
