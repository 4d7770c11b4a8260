import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import {
  anyOf,
  cookieHandler,
  createPrincipal,
  type DecisionEvent,
  denied,
  headerHandler,
  onDecision,
  SecurityChain,
  type SecurityHandler,
  unavailable,
  type VerifyValue,
} from '@sallyport/core';
import { type Clock } from '@sallyport/core/extend';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';

const KEYS = new Map([['open-sesame', { subject: 'alice', scopes: ['read'] }]]);
const verify: VerifyValue = (key) => KEYS.get(key) ?? denied('api_key_unknown');

const chainOf = (handler: SecurityHandler, clock?: Clock) => new SecurityChain({ requirement: handler }, { clock });
const byHeader = (check: VerifyValue = verify) =>
  headerHandler({ name: 'partner-key', header: 'X-Key', verify: check });
const byCookie = () => cookieHandler({ name: 'session', cookie: 'sid', realm: 'shop', verify });

describe('a handler for a header', () => {
  test('makes a principal of what the function returns, and tells that it proved it', async () => {
    const { principal } = await ask(chainOf(byHeader()), '/', { headers: { 'x-key': 'open-sesame' } });
    expect(principal).toMatchObject({ subject: 'alice', scopes: ['read'] });
    expect(principal?.via).toEqual([{ handler: 'partner-key', scheme: 'apikey' }]);
  });

  test.each([
    ['denied', () => denied('api_key_unknown'), 401],
    ['unavailable', () => unavailable('database_down'), 503],
    ['a promise of a refusal', async () => denied('api_key_unknown'), 401],
    ['a promise of a principal', async () => createPrincipal({ subject: 'bob' }), 200],
  ])('passes on what the function concludes: %s', async (_name, check, status) => {
    const answer = await ask(chainOf(byHeader(check)), '/', { headers: { 'X-Key': 'whatever' } });
    expect(answer.status).toBe(status);
  });

  test('takes a promise that is not a native one', async () => {
    // Such as the promises of another realm, or a query builder of a database library.
    const answer = runInNewContext("Promise.resolve({ subject: 'carol' })");
    expect(answer).not.toBeInstanceOf(Promise);
    const handler = byHeader(() => answer);
    const { principal } = await ask(chainOf(handler), '/', { headers: { 'X-Key': 'whatever' } });
    expect(principal?.subject).toBe('carol');
  });

  test.each([
    ['empty', '', 'credential_empty'],
    ['longer than 8 192 characters', 'x'.repeat(8_193), 'credential_too_long'],
    ['sent twice', ['open-sesame', 'open-sesame'], 'duplicate_credentials'],
  ])('refuses a value that is %s, and asks nobody', async (_name, value, reason) => {
    const asked = byHeader(() => {
      throw new Error('asked');
    });
    const answer = await ask(chainOf(asked), '/', { headers: { 'X-Key': value } });
    expect(answer).toMatchObject({ status: 400, reason });
  });

  test('stays synchronous as long as the function is', () => {
    const decision = chainOf(byHeader()).decide(buildRequest('/', { headers: { 'X-Key': 'open-sesame' } }));
    expect(decision).toMatchObject({ kind: 'granted' });
  });

  test('advertises a challenge of its own where one is given (RFC 9110 11.6.1)', async () => {
    const { challenges } = await ask(chainOf(byCookie()), '/');
    expect(challenges).toEqual(['Cookie realm="shop", cookie="sid"']);
  });

  test.each(['Authorization', 'proxy-authorization', 'Cookie', 'X Key', ''])(
    'does not read %p, which is read elsewhere or is no field name',
    (header) => {
      expect(() => headerHandler({ name: 'k', header, verify })).toThrow(/HeaderHandlerOptions.header/);
    },
  );

  test('an unknown option is refused with the nearest known one', () => {
    const options = { name: 'k', header: 'X-Key', verify, verfy: verify };
    expect(() => headerHandler(options)).toThrow(/did you mean verify\?/);
  });

  test('an option that resembles none is refused with all that there are', () => {
    const options = { name: 'k', header: 'X-Key', verify, allowInsecureLoopback: true };
    expect(() => headerHandler(options)).toThrow(/"; it has name, verify, realm, challenge, header$/);
  });
});

describe('a handler for a cookie', () => {
  const status = async (cookie: string | readonly string[]) =>
    (await ask(chainOf(byCookie()), '/', { headers: { Cookie: cookie } })).status;

  test('finds its cookie among others (RFC 6265 4.2.1)', async () => {
    expect(await status('a=1; sid=open-sesame; b=2')).toBe(200);
    expect(await status(['a=1', 'sid=open-sesame'])).toBe(200);
  });

  test('takes names to the letter: neither another case nor a longer name', async () => {
    expect(await status('SID=open-sesame; xsid=open-sesame; sidx=open-sesame')).toBe(401);
  });

  test('refuses two values, whichever comes first', async () => {
    expect(await status('sid=open-sesame; sid=other')).toBe(400);
    expect(await status(['sid=other', 'sid=open-sesame'])).toBe(400);
  });

  test('ranks behind a credential that was sent on purpose', async () => {
    const chain = new SecurityChain({ requirement: anyOf(byCookie(), byHeader()) });
    const both = { cookies: { sid: 'open-sesame' }, headers: { 'X-Key': 'wrong-word' } };
    expect(await ask(chain, '/', both)).toMatchObject({ status: 401, reason: 'api_key_unknown' });
  });
});

describe('a bug in a handler refuses the request and is told by the name of the handler', () => {
  const sent = { headers: { 'X-Key': 'hunter2-hunter2' } };

  const heard = async (handler: SecurityHandler, waitSeconds = 0): Promise<DecisionEvent | undefined> => {
    const clock = new ManualClock();
    let event: DecisionEvent | undefined;
    const stop = onDecision((each) => {
      event = each;
    });
    const deciding = chainOf(handler, clock).decide(buildRequest('/', sent));
    clock.pass(waitSeconds);
    await deciding;
    stop();
    return event;
  };

  test.each<[string, VerifyValue]>([
    [
      'throws',
      () => {
        throw new Error('hunter2-hunter2');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('hunter2-hunter2'))],
    ['forgets to return', (() => {}) as unknown as VerifyValue],
    ['forgets to return a promise of something', (async () => {}) as unknown as VerifyValue],
    ['returns a truth', (() => true) as unknown as VerifyValue],
    ['returns a principal without a subject', () => ({ subject: '' })],
    ['returns what only looks like a verdict', (() => ({ kind: 'authenticated' })) as unknown as VerifyValue],
  ])('when it %s: 500', async (_name, check) => {
    const event = await heard(byHeader(check));
    expect(event).toMatchObject({ outcome: 'denied', status: 500, fault: { culprit: 'partner-key' } });
    expect(JSON.stringify(event)).not.toContain('hunter2');
  });

  test('when it never answers: 503 after the deadline, and the step that did not finish', async () => {
    const event = await heard(
      byHeader(() => new Promise(() => {})),
      5,
    );
    expect(event).toMatchObject({ outcome: 'denied', status: 503, reason: 'deadline_exceeded' });
    expect(event?.steps).toMatchObject([{ handler: 'partner-key', verdict: 'unfinished' }]);
  });

  test.each<[string, () => unknown]>([
    ['returns a promise', async () => 'hunter2-hunter2'],
    [
      'throws',
      () => {
        throw new Error('hunter2-hunter2');
      },
    ],
  ])('when its extract() %s: 500', async (_name, extract) => {
    const event = await heard({ ...plain(byHeader()), extract });
    expect(event).toMatchObject({ status: 500, fault: { culprit: 'partner-key' } });
    expect(JSON.stringify(event)).not.toContain('hunter2');
  });
});

function plain({ name, challenges, source }: SecurityHandler): Omit<SecurityHandler, 'extract'> {
  return { name, challenges, ...(source && { source }), verify: () => denied('never') };
}
