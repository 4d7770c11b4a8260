import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  authenticated,
  cookieHandler,
  createPrincipal,
  denied,
  headerHandler,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { challenge, type SecurityRequest } from '@sallyport/core/extend';
import { assertRules, type HandlerCases, handlerRules, type ManualClock } from '@sallyport/core/testing';
import { unhandledRejectionsOf } from '../../packages/core/src/testing/rules/side-effects.js';
import { BAD_HANDLERS, CASES, closeForgottenServers, GoodHandler } from './bad-handlers.js';
import { breach, brokenRules } from './broken-rules.js';

// One of the bad handlers prints; only the rule that looks for it shall see it.
beforeEach(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

afterEach(() => {
  jest.restoreAllMocks();
  closeForgottenServers();
});

const rulesOf = (make: (clock: ManualClock) => SecurityHandler, cases: HandlerCases = CASES) =>
  handlerRules(make, cases);

describe('the rules of handlers', () => {
  test('finds nothing in a handler that keeps every rule', async () => {
    expect(await brokenRules(rulesOf(() => new GoodHandler()))).toEqual([]);
  });

  test.each(BAD_HANDLERS)(
    'its rule %s, and no other, catches a handler that %s, and says so',
    async (rule, _what, make, told) => {
      let broken: readonly string[] = [];
      // One of them leaves rejections behind under every rule, which would fail this test from outside.
      await unhandledRejectionsOf(async () => {
        broken = await brokenRules(rulesOf(make));
      });
      expect(broken).toEqual([breach(rule, told)]);
    },
  );

  test('every rule has a handler that breaks it', () => {
    const tried = new Set(BAD_HANDLERS.map(([rule]) => rule));
    expect(handlerRules(() => new GoodHandler(), CASES).filter(({ id }) => !tried.has(id))).toEqual([]);
  });

  test('names the case and never what it carries', async () => {
    const wrong = { ...CASES, accepted: CASES.refused };
    const failure = await assertRules(handlerRules(() => new GoodHandler(), wrong)).catch((error) => error);
    expect(String(failure)).toContain('one-verdict: accepted[0]: the verdict was denied (partner_unknown)');
    expect(String(failure)).not.toContain('partner-key');
  });

  test.each<[string, unknown, unknown, string]>([
    ['no function', new GoodHandler(), CASES, 'the factory of handlerRules() must be a function'],
    ['a class', GoodHandler, CASES, "Class constructor GoodHandler cannot be invoked without 'new'"],
    ['a function that makes nothing', () => undefined, CASES, 'the factory made no handler'],
    ['no cases', () => new GoodHandler(), undefined, 'HandlerCases must be an object'],
    ['a misspelt list', () => new GoodHandler(), { ...CASES, rejected: [] }, 'HandlerCases has no option "rejected"'],
    [
      'one request for a list',
      () => new GoodHandler(),
      { ...CASES, refused: {} },
      'HandlerCases.refused must be an array',
    ],
    ['a text for a request', () => new GoodHandler(), { ...CASES, accepted: ['key'] }, 'accepted[0] must be an object'],
    ['a misspelt part', () => new GoodHandler(), { ...CASES, refused: [{ haeders: {} }] }, 'no option "haeders"'],
    [
      'nothing to accept',
      () => new GoodHandler(),
      { ...CASES, accepted: [] },
      'need an accepted and a refused request',
    ],
  ])('says what is wrong with its use: %s', async (_what, factory, cases, message) => {
    const failure = (async () => assertRules(handlerRules(factory as () => SecurityHandler, cases as typeof CASES)))();
    await expect(failure).rejects.toThrow(message);
  });

  test('asks for a request that waits, as soon as a handler makes promises', async () => {
    const { stalled: _without, ...answered } = CASES;
    const failing = assertRules(handlerRules(() => new GoodHandler(), answered));
    await expect(failing).rejects.toThrow(/need a `stalled` request/);
  });

  test('fails, rather than passes, where no outage was tried of a handler that asks somebody', async () => {
    const { unavailable: _without, ...untried } = CASES;
    const [blaming] = BAD_HANDLERS.filter(([rule]) => rule === 'outage-is-unavailable').map(([, , make]) => make);
    const failing = assertRules(rulesOf(blaming as (clock: ManualClock) => SecurityHandler, untried));
    await expect(failing).rejects.toThrow(/outage-is-unavailable: .* the cases need an `unavailable` request/);
  });

  test('tells what was expected and what came, where a verdict says so', async () => {
    class Saying extends GoodHandler {
      override judge(): Verdict {
        return denied('partner_unknown', { detail: 'aud is "billing", expected "orders"' });
      }
    }
    const failing = assertRules(rulesOf(() => new Saying()));
    const said = 'accepted[0]: the verdict was denied (partner_unknown: aud is "billing", expected "orders")';
    await expect(failing).rejects.toThrow(said);
  });

  test('tells what a handler threw and where, without the credentials that it quoted', async () => {
    class Quoting extends GoodHandler {
      override judge(key: string): Verdict {
        throw new Error(`no partner has ${key}`);
      }
    }
    const failing = assertRules(rulesOf(() => new Quoting()));
    await expect(failing).rejects.toThrow(
      /: verify\(\) failed with Error: no partner has \(cut out\), at Quoting.judge/,
    );
    await expect(failing).rejects.not.toThrow('partner-key');
  });

  test('takes cases that have to be made first', async () => {
    await assertRules(
      handlerRules(
        () => new GoodHandler(),
        async () => CASES,
      ),
    );
  });
});

const KEYS = new Map([['key-number-one', { subject: 'alice' }]]);
const verify = (key: string) => KEYS.get(key) ?? denied('key_unknown');

describe('a handler for a header', () => {
  const rules = handlerRules(() => headerHandler({ name: 'key', header: 'X-Key', verify }), {
    accepted: [{ headers: { 'X-Key': 'key-number-one' } }],
    refused: [
      { headers: { 'X-Key': 'key-number-two' } },
      { headers: { 'X-Key': ['key-number-one', 'key-number-one'] } },
    ],
  });
  for (const { title, check } of rules) test(title, check);
});

describe('a handler for a cookie', () => {
  const rules = handlerRules(() => cookieHandler({ name: 'session', cookie: 'sid', verify }), {
    accepted: [{ cookies: { sid: 'key-number-one' } }],
    refused: [{ cookies: { sid: 'key-number-two' } }],
  });
  for (const { title, check } of rules) test(title, check);
});

describe('a handler for a header whose function asks somebody and knows of no signal', () => {
  const asking = async (key: string) => {
    if (key.endsWith('nobody')) return new Promise<never>(() => {});
    return key.endsWith('outage') ? unavailable('directory_down') : verify(key);
  };
  const rules = handlerRules(() => headerHandler({ name: 'key', header: 'X-Key', verify: asking }), {
    accepted: [{ headers: { 'X-Key': 'key-number-one' } }],
    refused: [{ headers: { 'X-Key': 'key-number-two' } }],
    unavailable: [{ headers: { 'X-Key': 'key-of-outage' } }],
    stalled: { headers: { 'X-Key': 'key-of-nobody' } },
  });
  for (const { title, check } of rules) test(title, check);
});

describe('a handler that looks at method and target', () => {
  const link: SecurityHandler<string> = {
    name: 'link',
    challenges: [challenge('Link')],
    source: { at: 'query:key' },
    extract: ({ query }) => new URLSearchParams(query).get('key') ?? undefined,
    verify: (key, { method, path }) =>
      method === 'POST' && path === '/orders' && key === 'key-number-one'
        ? authenticated(createPrincipal({ subject: 'alice' }))
        : denied('link_wrong'),
  };
  const cases: HandlerCases = {
    accepted: [{ line: 'POST /orders?key=key-number-one' }],
    refused: [{ line: 'GET /orders?key=key-number-one' }, { line: 'POST /?key=key-number-one' }],
    secrets: ['key-number-one'],
  };
  for (const { title, check } of handlerRules(() => link, cases)) test(title, check);

  test('gets its junk in the query', async () => {
    const decoding = {
      ...link,
      extract: ({ query }: SecurityRequest) => decodeURIComponent(decodeURIComponent(query)),
    };
    const broken = await brokenRules(rulesOf(() => decoding as SecurityHandler, cases));
    expect(broken).toContainEqual(breach('extract-never-throws', 'extract() failed with URIError: URI malformed'));
  });
});
