import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  allOf,
  authenticated,
  createPrincipal,
  denied,
  guard,
  onDecision,
  SecurityChain,
  type SecurityChainOptions,
  type SecurityHandler,
} from '@sallyport/core';
import { auditDecisions } from '@sallyport/core/audit';
import { challenge, Secret, SecurityRequest } from '@sallyport/core/extend';
import { recordSpans } from '@sallyport/core/opentelemetry';
import { BasicHandler, JwtHandler, onJwtEvent } from '@sallyport/handlers';
import { pino } from 'pino';
import { printed } from './canary.js';

const PASSWORD = 'c4n4ry-Password+/=?-4711';
const KEY = 'c4n4ry.Key~1234567890+ab/cd==';
/** What a handler makes of the key: no spelling of it. */
const TAKEN_APART = [...KEY].toReversed().join('');
const HELD = 'c4n4ry-held-by-the-handler-0815';
const SHARED = 'a shared secret of at least 32 bytes';

function aToken(claims: object): string {
  const now = Math.floor(Date.now() / 1_000);
  const body = { aud: 'api', sub: 'alice', client_id: 'shop', jti: 'c4n4ry', iat: now, exp: now + 600, ...claims };
  const text = [{ alg: 'HS256', typ: 'at+jwt' }, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', SHARED).update(text).digest('base64url')}`;
}

const TOKEN = aToken({ iss: 'https://as.example' });
const FOREIGN_TOKEN = aToken({ iss: 'https://other.example' });

const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  whole: (secret) => secret,
  'in halves': (secret) => `${secret.slice(0, secret.length / 2)} and ${secret.slice(secret.length / 2)}`,
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64 behind a user name': (secret) => Buffer.from(`alice:${secret}`).toString('base64'),
  'in base64url': (secret) => Buffer.from(secret).toString('base64url'),
  'in hex': (secret) => Buffer.from(secret).toString('hex'),
  'in hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'percent-encoded': (secret) => encodeURIComponent(secret).replaceAll('%2B', '%2b'),
  'percent-encoded as a whole': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
};

/** The user name in base64, and a colon. */
const BEHIND = 'YWxpY2U6';

interface Thrower {
  readonly secret: string;
  readonly status: number;
  readonly line: readonly [string, string];
  /** `fail` throws an error that has the secret in its message. */
  readonly options: (fail: () => never) => SecurityChainOptions;
}

const ALICE = authenticated(createPrincipal({ subject: 'alice' }));
const X_KEY = ['X-Key', KEY] as const;

function keyHandler(members: Partial<SecurityHandler<unknown>> & { readonly held?: Secret } = {}): SecurityHandler {
  return {
    name: 'keys',
    source: 'header:x-key',
    challenges: [challenge('Key')],
    extract: (request: SecurityRequest) => request.header('x-key'),
    verify: () => ALICE,
    ...members,
  } as SecurityHandler;
}

const jwt = (fail: () => never) =>
  ({
    issuer: 'https://as.example',
    audience: 'api',
    algorithms: 'HS256',
    keys: { secret: SHARED },
    mapPrincipal: fail,
  }) as const;

const THROWERS: Readonly<Record<string, Thrower>> = {
  'extract of a handler': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler({ extract: fail }) }),
  },
  'verify of a handler': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler({ verify: fail }) }),
  },
  'verify of a handler, later': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler({ verify: async () => fail() }) }),
  },
  'a handler that has taken the credential apart': {
    secret: TAKEN_APART,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler({ extract: () => ({ key: TAKEN_APART }), verify: fail }) }),
  },
  'a handler, of a secret that it holds': {
    secret: HELD,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler({ held: new Secret(HELD), verify: fail }) }),
  },
  'another handler of the same request': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({
      requirement: allOf(
        keyHandler(),
        keyHandler({ name: 'others', source: 'header:host', extract: () => 'another credential', verify: fail }),
      ),
    }),
  },
  'a guard': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler(), guards: [guard('engine', fail)] }),
  },
  'a guard, later': {
    secret: KEY,
    status: 500,
    line: X_KEY,
    options: (fail) => ({ requirement: keyHandler(), guards: [guard('engine', async () => fail())] }),
  },
  'a guard, of a key that is the user name of Basic': {
    secret: KEY,
    status: 500,
    line: ['Authorization', `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`],
    options: (fail) => ({
      requirement: keyHandler({ source: 'authorization:basic', extract: () => 'taken' }),
      guards: [guard('engine', fail)],
    }),
  },
  'mapPrincipal of a JWT handler': {
    secret: TOKEN,
    status: 500,
    line: ['Authorization', `Bearer ${TOKEN}`],
    options: (fail) => ({ requirement: new JwtHandler({ realm: 'api', issuers: [jwt(fail)] }) }),
  },
  'mapPrincipal of a JWT handler, later': {
    secret: TOKEN,
    status: 503,
    line: ['Authorization', `Bearer ${TOKEN}`],
    options: (fail) => {
      const mapPrincipal = async () => fail();
      return { requirement: new JwtHandler({ realm: 'api', issuers: [{ ...jwt(fail), mapPrincipal }] }) };
    },
  },
  'the resolver of issuers': {
    secret: FOREIGN_TOKEN,
    status: 503,
    line: ['Authorization', `Bearer ${FOREIGN_TOKEN}`],
    options: (fail) => ({
      requirement: new JwtHandler({
        realm: 'api',
        issuerResolver: { trusts: () => true, resolve: async () => fail() },
      }),
    }),
  },
  'a store of users': {
    secret: PASSWORD,
    status: 503,
    line: ['Authorization', `Basic ${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`],
    options: (fail) => ({ requirement: new BasicHandler({ realm: 'api', users: { find: async () => fail() } }) }),
  },
};

const stops: (() => void)[] = [];
let output: unknown[];
beforeEach(() => {
  output = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void output.push(String(warning)));
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  jest.restoreAllMocks();
});

/** The pieces of 8 characters of a text that stand in `output`, in any case of letters. */
function sharedWith(text: string, all: string): readonly string[] {
  const folded = all.toLowerCase();
  const pieces = Array.from(text.toLowerCase(), (_, at) => text.toLowerCase().slice(at, at + 8));
  return pieces.filter((piece) => piece.length === 8 && folded.includes(piece));
}

describe('what is thrown shows no secret in any spelling, in no event, line, log, span, warning or answer', () => {
  test.each(Object.entries(THROWERS))('by %s', async (_who, { secret, status, line, options }) => {
    let told = '';
    const fail = () => {
      throw Object.assign(new RangeError(`cannot use ${told} here`), { code: 'EBAD' });
    };
    const spans = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(spans)];
    const request = () => new SecurityRequest({ method: 'GET', target: '/orders', rawHeaders: [...line] });
    const chain = new SecurityChain(options(fail), { debug: (text) => output.push(text) });
    const unheard = new SecurityChain(options(fail));
    for (const spell of Object.values(SPELLINGS)) {
      told = spell(secret);
      output.push(await unheard.decide(request()));
    }
    stops.push(
      auditDecisions(pino({ level: 'trace' }, { write: (text: string) => void output.push(text) })),
      recordSpans({ tracerProvider: new BasicTracerProvider({ spanProcessors }) }),
      onDecision((event) => output.push(event)),
      onJwtEvent((event) => output.push(event)),
    );
    for (const spell of Object.values(SPELLINGS)) {
      told = spell(secret);
      const decision = await chain.decide(request());
      expect(decision).toMatchObject({ kind: 'denied', status });
      output.push(decision, await chain.explain(request()));
    }
    output.push(spans.getFinishedSpans().map(({ attributes, events }) => ({ attributes, events })));
    const all = printed(output);
    const texts = Object.values(SPELLINGS).flatMap((spell) => spell(secret).replace(BEHIND, '').split(' and '));
    for (const text of texts) expect(sharedWith(text, all)).toEqual([]);
    expect(output.filter((each) => String(each).startsWith('chain default: '))).not.toEqual([]);
    if (status === 500) expect(all).toMatch(/cannot use (?:YWxpY2U6)?\(cut out\)/);
    await Promise.all([unheard.close(), chain.close()]);
  });
});

test('what a handler refuses with stays silent as well', async () => {
  const chain = new SecurityChain({ requirement: keyHandler({ verify: () => denied('key_unknown') }) });
  const { event, line } = await chain.explain({ method: 'GET', target: '/', rawHeaders: [...X_KEY] });
  expect(sharedWith(KEY, printed([event, line]))).toEqual([]);
});
