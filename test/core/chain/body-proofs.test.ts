import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  attempt,
  authenticated,
  challenged,
  createPrincipal,
  denied,
  forbidden,
  limited,
  malformed,
  optional,
  type Requirement,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { ANONYMOUS, type IncomingRequest, type MissingBody, SecurityRequest } from '@sallyport/core/extend';
import { ask, ManualClock, type RequestParts } from '@sallyport/core/testing';
import { alice, apiKey, bearer, plain } from './scripted-handlers.js';

const SIGNED: RequestParts = { headers: { 'x-signed': 'it' }, body: 'hello' };
const SIGNED_AND_KEY: RequestParts = { headers: { 'x-signed': 'it', 'x-key': 'k' }, body: 'hello' };

type Says = (credential: unknown, body: Uint8Array, request: SecurityRequest) => Verdict | Promise<Verdict>;

function signed(says: Says = () => alice(), others: Partial<SecurityHandler> = {}): SecurityHandler {
  return { ...plain('signed'), ...others, verifyBody: says };
}

/** A request whose body is read as the test wants; counts how often. */
class Source implements IncomingRequest {
  readonly method = 'POST';
  readonly target = '/';
  readonly rawHeaders = ['x-signed', 'it', 'x-key', 'k'];
  readonly limits: number[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #read: () => unknown;
  gone: () => void = () => {};

  constructor(read: () => unknown) {
    this.#read = read;
  }

  body(limitBytes: number, signal: AbortSignal): Promise<Uint8Array | MissingBody> {
    this.limits.push(limitBytes);
    this.signals.push(signal);
    return this.#read() as Promise<Uint8Array | MissingBody>;
  }

  onClose(listener: () => void): void {
    this.gone = listener;
  }
}

async function outcomeOf(requirement: Requirement, source: IncomingRequest): Promise<string> {
  const { decision } = await new SecurityChain({ requirement }).explain(source);
  return decision.kind === 'denied' ? `${decision.status} ${decision.reason}` : decision.kind;
}

describe('verifyBody is asked', () => {
  test('after verify has granted and before guards, with the credential, the bytes and the request', async () => {
    const order: string[] = [];
    const requirement = signed(
      (credential, body, request) => {
        order.push(`verifyBody ${credential} ${Buffer.from(body)} ${request.method}`);
        return alice({ scopes: ['a'] });
      },
      {
        verify: () => {
          order.push('verify');
          return alice();
        },
      },
    );
    const look = () => {
      order.push('guard');
      return true;
    };
    const chain = new SecurityChain({ requirement, guards: [look, requireScopes('a')] });
    expect(await ask(chain, 'POST /', SIGNED)).toMatchObject({ status: 200 });
    expect(order).toEqual(['verify', 'verifyBody it hello POST', 'guard']);
  });

  test('with no bytes where none were sent', async () => {
    const lengths: number[] = [];
    const requirement = signed((_credential, body) => {
      lengths.push(body.byteLength);
      return alice();
    });
    await ask(new SecurityChain({ requirement }), 'GET /', { headers: { 'x-signed': 'it' } });
    expect(lengths).toEqual([0]);
  });

  test.each<readonly [string, () => Verdict | Promise<Verdict>]>([
    ['at once', () => denied('credential_bad')],
    ['later', async () => denied('credential_bad')],
  ])('not where verify refused %s: then no body is read', async (_when, verify) => {
    const source = new Source(() => Buffer.from('hello'));
    expect(await outcomeOf(signed(undefined, { verify }), source)).toBe('401 credential_bad');
    expect(source.limits).toEqual([]);
  });

  test('not where another handler decides: then no body is read', async () => {
    const source = new Source(() => Buffer.from('hello'));
    expect(await outcomeOf(anyOf(apiKey(), signed()), source)).toBe('granted');
    expect(await outcomeOf(allOf(apiKey(denied('key_bad')), signed()), source)).toBe('401 key_bad');
    expect(source.limits).toEqual([]);
  });

  test('on every request, however verify came to its verdict', async () => {
    const remembered = alice();
    const bodies: string[] = [];
    const says: Says = (_credential, body) => {
      bodies.push(Buffer.from(body).toString());
      return body[0] === 0x68 ? alice() : denied('body_tampered');
    };
    const chain = new SecurityChain({ requirement: signed(says, { verify: () => remembered }) });
    expect(await ask(chain, 'POST /', SIGNED)).toMatchObject({ status: 200 });
    expect(await ask(chain, 'POST /', { ...SIGNED, body: 'jello' })).toMatchObject({ reason: 'body_tampered' });
    expect(bodies).toEqual(['hello', 'jello']);
  });
});

describe('the verdict of verifyBody is the verdict of its handler', () => {
  test.each<readonly [Verdict, number]>([
    [denied('signature_invalid'), 401],
    [malformed('signature_malformed'), 400],
    [forbidden('sender_blocked'), 403],
    [challenged({ error: 'use_nonce' }), 401],
    [limited({ retryAfterSeconds: 5 }), 429],
    [unavailable('store_down'), 503],
  ])('%j: its status', async (verdict, status) => {
    const answer = await ask(new SecurityChain({ requirement: signed(async () => verdict) }), 'POST /', SIGNED);
    expect(answer).toMatchObject({ status, reason: (verdict as { reason: string }).reason });
    expect(answer.event.steps).toMatchObject([{ handler: 'signed', verdict: verdict.kind }]);
  });

  test('it says who the caller is, and header lines of both verdicts come along', async () => {
    const line = (value: string) => ({ headers: [['X-Said', value]] as const });
    const verify = () => authenticated(createPrincipal({ subject: 'nobody yet' }), line('first'));
    const says = () => authenticated(createPrincipal({ subject: 'sender' }), line('second'));
    const answer = await ask(new SecurityChain({ requirement: signed(says, { verify }) }), 'POST /', SIGNED);
    expect(answer.principal).toMatchObject({ subject: 'sender', via: [{ handler: 'signed' }] });
    expect(answer.headers.map(([, value]) => value)).toEqual(['first', 'second']);
  });

  const refuses = () => signed(() => denied('signature_invalid'));
  const isDown = () => signed(() => unavailable('store_down'));
  test.each<readonly [string, Requirement, string]>([
    ['anyOf stops at a refusal (rule 6)', anyOf(refuses(), apiKey()), '401 signature_invalid'],
    ['anyOf goes on after an outage (rule 6)', anyOf(isDown(), apiKey()), '200 undefined'],
    ['allOf wants it as well (rule 5)', allOf(refuses(), apiKey()), '401 signature_invalid'],
    ['allOf asks in its order (rule 5)', allOf(refuses(), apiKey(denied('key_bad'))), '401 signature_invalid'],
    ['optional refuses what is bad (rule 7)', optional(refuses()), '401 signature_invalid'],
    ['attempt lets what is bad pass (rule 7)', attempt(refuses()), '200 undefined'],
    ['attempt lets no outage pass (rule 7)', attempt(isDown()), '503 store_down'],
  ])('%s', async (_rule, requirement, expected) => {
    const { status, reason } = await ask(new SecurityChain({ requirement }), 'POST /', SIGNED_AND_KEY);
    expect(`${status} ${reason}`).toBe(expected);
  });

  test.each([
    ['anyOf', (handler: SecurityHandler) => anyOf(handler, apiKey())],
    ['optional', (handler: SecurityHandler) => optional(handler)],
    ['attempt', (handler: SecurityHandler) => attempt(handler)],
  ])('%s lets no body pass that is too large', async (_operator, requirementOf) => {
    const chain = new SecurityChain({ requirement: requirementOf(signed()), maxBodyBytes: 4 });
    expect(await ask(chain, 'POST /', SIGNED_AND_KEY)).toMatchObject({ status: 413, reason: 'body_too_large' });
  });
});

describe('the adapter is asked for the body', () => {
  test('once, with the limit of the chain, however many handlers prove something over it', async () => {
    const source = new Source(async () => Buffer.from('hello'));
    const second = { ...plain('key'), verifyBody: () => alice() };
    const chain = new SecurityChain({ requirement: allOf(signed(), second), maxBodyBytes: 5 });
    expect((await chain.explain(source)).decision.kind).toBe('granted');
    expect(source.limits).toEqual([5]);
  });

  test('and not believed where it gives more than the limit', async () => {
    const chain = new SecurityChain({ requirement: signed(), maxBodyBytes: 4 });
    const { decision } = await chain.explain(new Source(() => Buffer.from('hello')));
    expect(decision).toMatchObject({ status: 413, reason: 'body_too_large' });
  });

  test('and the limit is 1 MiB, unless another one from 1 byte to 100 MiB is given', async () => {
    const source = new Source(() => Buffer.alloc(1_048_577));
    expect(await outcomeOf(signed(), source)).toBe('413 body_too_large');
    expect(source.limits).toEqual([1_048_576]);
    for (const maxBodyBytes of [0, 104_857_601, 1.5]) {
      expect(() => new SecurityChain({ requirement: signed(), maxBodyBytes })).toThrow('maxBodyBytes');
    }
  });

  test('whose client has gone before the end: nobody is answered', async () => {
    expect(await outcomeOf(signed(), new Source(() => 'broken_off'))).toBe('503 client_gone');
  });

  const bugs: readonly (readonly [string, () => unknown, string | undefined])[] = [
    ['has none', () => 'consumed', 'ERR_SALLYPORT_BODY_UNREADABLE'],
    ['gives a string', () => 'hello', undefined],
    ['gives nothing', () => undefined, undefined],
    ['throws', () => thrown(), undefined],
    ['rejects', () => Promise.reject(new Error('broken')), undefined],
  ];
  test.each(bugs)('and where it %s, that is a bug: 500, told', async (_what, read, code) => {
    for (const requirement of [signed(), attempt(signed()), anyOf(signed(), apiKey())]) {
      const { decision, event } = await new SecurityChain({ requirement }).explain(new Source(read));
      expect(decision).toMatchObject({ status: 500, reason: 'body_unreadable' });
      expect(event.fault).toMatchObject({ culprit: 'signed', code });
    }
  });

  test('and where it cannot be asked, that is a bug, too, whatever the prototype of everything holds', async () => {
    const { method, target, rawHeaders } = new Source(() => undefined);
    Object.assign(Object.prototype, { body: () => Buffer.from('hello') });
    try {
      expect(await outcomeOf(signed(), { method, target, rawHeaders })).toBe('500 body_unreadable');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'body');
    }
  });
});

describe('what verifyBody should not do is refused with 500 and named', () => {
  const misdeeds: readonly (readonly [string, () => unknown])[] = [
    ['throws', () => thrown()],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['returns true', () => true],
    ['returns nothing', () => undefined],
    ['returns a look-alike', () => ({ ...alice() })],
    ['proves nobody', () => authenticated(ANONYMOUS)],
  ];
  test.each(misdeeds)('%s', async (_what, says) => {
    for (const requirement of [signed(says as Says), attempt(signed(says as Says))]) {
      const answer = await ask(new SecurityChain({ requirement }), 'POST /', SIGNED);
      expect(answer).toMatchObject({ status: 500, reason: 'handler_threw' });
      expect(answer.event.fault?.culprit).toBe('signed');
    }
  });
});

describe('the deadline', () => {
  function decided(source: IncomingRequest, requirement: Requirement) {
    const clock = new ManualClock();
    const chain = new SecurityChain({ requirement, deadlineMs: 2_000 }, { clock });
    return { clock, explained: chain.explain(source) };
  }

  test('counts the reading: a client that sends too slowly gets 408, and nobody reads on [RFC 9110 15.5.9]', async () => {
    const source = new Source(() => new Promise(() => {}));
    const { clock, explained } = decided(source, signed());
    await aTurn();
    clock.pass(2);
    const { decision, event } = await explained;
    expect(decision).toMatchObject({ status: 408, reason: 'body_too_slow' });
    expect(decision.headers.map(([name]) => name)).toEqual(['Cache-Control', 'Content-Type']);
    expect(event.steps).toMatchObject([{ handler: 'signed', verdict: 'unfinished' }]);
    expect(source.signals[0]?.aborted).toBe(true);
  });

  test('is 503 where the handler is slow, once the body is there', async () => {
    const source = new Source(() => Buffer.from('hello'));
    const { clock, explained } = decided(
      source,
      signed(() => new Promise(() => {})),
    );
    await aTurn();
    clock.pass(2);
    expect((await explained).decision).toMatchObject({ status: 503, reason: 'deadline_exceeded' });
  });

  test('and the handler is not asked any more about a body that comes later', async () => {
    let arrive: (body: Uint8Array) => void = () => {};
    const source = new Source(() => new Promise((resolve) => (arrive = resolve)));
    let asked = 0;
    const { clock, explained } = decided(
      source,
      signed(() => {
        asked += 1;
        return alice();
      }),
    );
    await aTurn();
    clock.pass(2);
    await explained;
    arrive(Buffer.from('hello'));
    await aTurn();
    expect(asked).toBe(0);
  });

  test('does not matter where the client has gone: nobody reads on', async () => {
    const source = new Source(() => new Promise(() => {}));
    const { explained } = decided(source, signed());
    await aTurn();
    source.gone();
    expect((await explained).decision).toMatchObject({ reason: 'client_gone' });
    expect(source.signals[0]?.aborted).toBe(true);
  });
});

test('a grant of verify is asked about once more when the body has arrived', async () => {
  let asked = 0;
  const requirement = signed(
    () => {
      asked += 1;
      return alice();
    },
    { recheck: () => denied('credential_revoked') },
  );
  const answer = await ask(new SecurityChain({ requirement }), 'POST /', SIGNED);
  expect(answer).toMatchObject({ status: 401, reason: 'credential_revoked' });
  expect(answer.event.steps).toMatchObject([{ handler: 'signed', verdict: 'denied', reason: 'credential_revoked' }]);
  expect(asked).toBe(0);
});

describe('a chain tells whether it may need the body of a request', () => {
  const over = (method: string) => route(method, '/hook', { requirement: signed() });
  test.each<readonly [string, SecurityChainOptions, readonly string[]]>([
    ['of any method, by its requirement', { requirement: optional(signed()) }, ['GET', 'POST']],
    ['of one method, by an operation', { requirement: bearer(), operations: routes([over('POST')]) }, ['POST']],
    ['of none', { requirement: bearer() }, []],
  ])('%s', (_which, options, expected) => {
    const chain = new SecurityChain(options);
    expect(['GET', 'POST'].filter((method) => chain.readsBodies(method))).toEqual(expected);
  });
});

test('where no handler needs it, a body is not asked for', async () => {
  const source = new Source(() => Buffer.from('hello'));
  const chain = new SecurityChain({ requirement: anyOf(bearer(), apiKey()) });
  expect(chain.decide(new SecurityRequest(source))).toMatchObject({ kind: 'granted' });
  expect(source.limits).toEqual([]);
});

test.each([[7], [null], [{}]])('a test that gives the body as %j is refused', async (body) => {
  const chain = new SecurityChain({ requirement: signed() });
  await expect(ask(chain, 'POST /', { ...SIGNED, body: body as never })).rejects.toThrow('body must be text or bytes');
});

function thrown(): never {
  throw new Error('broken');
}
