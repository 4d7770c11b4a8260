import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  cookieHandler,
  type Decision,
  guard,
  optional,
  type Requirement,
  requireScopes,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { openApi } from '@sallyport/openapi';
import { apiKey, basic, bearer } from './scripted-handlers.js';

const session = cookieHandler({ name: 'session', cookie: 'session', verify: (subject) => ({ subject }) });

/** What no operation that looks at credentials takes. */
const CREDENTIALS: readonly (readonly [string, readonly string[]])[] = [
  ['an unknown scheme', ['Authorization', 'Negotiate abc']],
  ['a line that cannot be read [RFC 9110 11.4]', ['Authorization', 'Bearer: a']],
  ['a scheme without a credential', ['Authorization', 'Bearer']],
  ['joined credentials [RFC 9110 11.6.2]', ['Authorization', 'Bearer a, Basic YTpi']],
  ['two Authorization lines [RFC 9110 5.3]', ['Authorization', 'Bearer a', 'authorization', 'Bearer b']],
  ['a token that nobody takes', ['Authorization', 'Bearer foreign']],
  ['a doubled key', ['X-Key', 'k', 'X-Key', 'k']],
  ['a doubled cookie', ['Cookie', 'session=a; session=b']],
];

/** Trees without any handler. */
const OPEN: readonly (readonly [string, Requirement])[] = [
  ['anonymous()', anonymous()],
  ['allOf(anonymous(), anonymous())', allOf(anonymous(), anonymous())],
  ['anyOf(anonymous(), allOf(anonymous()))', anyOf(anonymous(), allOf(anonymous()))],
  ['optional(anonymous())', optional(anonymous())],
  ['attempt(anonymous())', attempt(anonymous())],
];

const all = anyOf(bearer(), basic(), apiKey(), session);

async function answer(chain: SecurityChain, target: string, rawHeaders: readonly string[]): Promise<Decision> {
  return chain.decide(new SecurityRequest({ method: 'GET', target, rawHeaders }));
}

function summary(decision: Decision): string {
  return decision.kind === 'granted' ? decision.principal.kind : `${decision.status} ${decision.reason}`;
}

describe.each(CREDENTIALS)('%s (rule 2)', (_what, rawHeaders) => {
  test.each(OPEN)('is not looked at where the whole chain is %s', async (_tree, requirement) => {
    expect(summary(await answer(new SecurityChain({ requirement }), '/', rawHeaders))).toBe('anonymous');
  });

  test.each(OPEN)(
    'is not looked at on an operation that is %s, of a chain that wants credentials',
    async (_tree, open) => {
      const operations = routes([route('GET', '/open', { requirement: open }), route('GET', '/closed')]);
      const chain = new SecurityChain({ requirement: all, operations });
      expect(summary(await answer(chain, '/open', rawHeaders))).toBe('anonymous');
      expect(summary(await answer(chain, '/closed', rawHeaders))).toMatch(/^40[01] /);
      expect(summary(await answer(chain, '/other', rawHeaders))).toMatch(/^40[01] /);
    },
  );

  test.each([
    ['anyOf', anyOf(all, anonymous())],
    ['optional', optional(all)],
    ['allOf', allOf(anonymous(), optional(all))],
  ])('is refused where %s leaves a choice', async (_operator, requirement) => {
    expect(summary(await answer(new SecurityChain({ requirement }), '/', rawHeaders))).toMatch(/^40[01] /);
  });

  test('is not looked at where a definition says security: [], and is where it says {}', async () => {
    const operation = (security: object[]) => ({ get: { security, responses: { 200: { description: 'ok' } } } });
    const securitySchemes = { All: { type: 'http', scheme: 'bearer' } };
    const definition = {
      openapi: '3.0.4',
      info: { title: 'demo', version: '1' },
      components: { securitySchemes },
      paths: { '/open': operation([]), '/bare': operation([{}]), '/optional': operation([{}, { All: [] }]) },
    };
    const chain = new SecurityChain({ operations: await openApi(definition, { schemes: { All: all } }) });
    expect(summary(await answer(chain, '/open', rawHeaders))).toBe('anonymous');
    expect(summary(await answer(chain, '/bare', rawHeaders))).toBe('anonymous');
    expect(summary(await answer(chain, '/optional', rawHeaders))).toMatch(/^40[01] /);
  });

  test('does not keep the guards of an open operation from running', async () => {
    const asked: string[] = [];
    const noting = guard('noting', ({ kind }) => asked.push(kind) > 0);
    const operations = routes([route('GET', '/open', { requirement: anonymous(), guards: [noting] })]);
    const chain = new SecurityChain({ requirement: all, operations, guards: [noting] });
    expect(summary(await answer(chain, '/open', rawHeaders))).toBe('anonymous');
    expect(asked).toEqual(['anonymous', 'anonymous']);
  });
});

test.each(['/open/../closed', '/open//', '/%6fpen', '*'])(
  'the target %s is refused also where everything is open (rule 3)',
  async (target) => {
    const decision = await answer(new SecurityChain({ requirement: anonymous() }), target, []);
    expect(summary(decision)).toMatch(/^400 (?:path|target)_/);
  },
);

test('a line that two programs could read differently is refused with the challenges of its operation alone', async () => {
  const operations = routes([
    route('GET', '/tokens', { requirement: bearer() }),
    route('GET', '/logins', { requirement: basic() }),
  ]);
  const chain = new SecurityChain({ operations });
  const twice = ['Authorization', 'Bearer a', 'Authorization', 'Bearer a'];
  const challengesOf = async (target: string) =>
    (await answer(chain, target, twice)).headers.filter(([name]) => name === 'WWW-Authenticate');
  expect(await challengesOf('/tokens')).toHaveLength(1);
  expect(await challengesOf('/logins')).toEqual([]);
  expect(summary(await answer(chain, '/undeclared', twice))).toBe('404 operation_undeclared');
});

test('a guard that a route adds to an open operation refuses without asking for credentials', async () => {
  const operations = routes([route('GET', '/open', { requirement: anonymous() })]);
  const chain = new SecurityChain({ requirement: bearer(), operations });
  const request = new SecurityRequest({ method: 'GET', target: '/open', rawHeaders: [] });
  const granted = await chain.decide(request);
  if (granted.kind === 'denied') throw new Error(granted.reason);
  const refused = await chain.authorize(granted, requireScopes('orders:read'), request);
  expect(summary(refused)).toBe('403 insufficient_scope');
  expect(refused.headers.filter(([name]) => name === 'WWW-Authenticate')).toEqual([]);
});
