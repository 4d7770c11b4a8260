import { describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fastifySecurity } from '@sallyport/adapters/fastify';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import { koaSecurity } from '@sallyport/adapters/koa';
import {
  anonymous,
  ConfigurationError,
  createPrincipal,
  optional,
  requireAudience,
  requireRoles,
  requireScopes,
} from '@sallyport/core';
import Fastify from 'fastify';
import { demoChain } from './demo-chain.js';

/** What JavaScript lets through, and what the compiler would have refused. */
function untyped(value: unknown): never {
  return value as never;
}

describe.each([expressSecurity, fastifySecurity, fetchSecurity, httpSecurity, koaSecurity, upgradeSecurity])(
  '%p',
  (mount) => {
    test.each([
      ['a promise of a chain', Promise.resolve(demoChain())],
      ['the options of one', { requirement: demoChain().handlers[0] }],
      ['a handler', demoChain().handlers[0]],
      ['nothing', undefined],
    ])('takes no other thing for a chain: %s', (_title, value) => {
      expect(() => mount(untyped(value))).toThrow(new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', CHAIN));
    });
  },
);
const CHAIN = 'chain must be a SecurityChain; await a promise of one';

test.each([
  [
    'Express',
    () =>
      expressSecurity(demoChain())(
        untyped({}),
        untyped({}),
        untyped(() => {}),
      ),
  ],
  [
    'Fastify',
    () =>
      fastifySecurity(demoChain())(
        untyped({}),
        untyped({}),
        untyped(() => {}),
      ),
  ],
  [
    'Koa',
    () =>
      koaSecurity(demoChain())(
        untyped({}),
        untyped(() => {}),
      ),
  ],
])('%s is told to mount secure() where secure was mounted', (_title, run) => {
  expect(run).toThrow('middleware is made by a call: mount secure(), not secure');
});

test('Fastify is told to register secure.plugin where secure was registered', async () => {
  const app = Fastify();
  await expect(app.register(untyped(fastifySecurity(demoChain()))).ready()).rejects.toThrow(
    'plugin is a member: app.register(secure.plugin), not app.register(secure)',
  );
  await app.close();
});

test('Hono is told to mount secure.middleware() where secure was mounted', () => {
  const run = () =>
    fetchSecurity(demoChain())(
      untyped({}),
      untyped(() => {}),
    );
  expect(run).toThrow('handler must be a function; for middleware call secure.middleware()');
});

test.each([
  ['a name', 'orders:read'],
  ['a list of guards', [requireScopes('orders:read')]],
])('%s in the place of a guard is refused with an example of a guard', (_title, value) => {
  expect(() => expressSecurity(demoChain())(untyped(value))).toThrow(/takes guards, such as requireScopes\('a'\)/);
});

test('a requirement that does not stand first and alone is refused, as one of a chain that takes none', () => {
  const [tokens] = demoChain().handlers;
  const secure = expressSecurity(demoChain());
  const several = 'a requirement stands first, and alone: put several into one anyOf() or allOf()';
  expect(() => secure(requireScopes('a'), untyped(tokens))).toThrow(several);
  expect(() => secure(optional(untyped(tokens)), untyped(anonymous()))).toThrow(several);
  const { decide, authorize, covers } = demoChain();
  const bare = expressSecurity({ decide, authorize, covers });
  expect(() => bare(anonymous())).toThrow('chain takes no requirements of routes: it has no method requiring()');
});

test.each<[string, object]>([
  ['a requirement beside the guards', { requirement: anonymous(), guards: [requireScopes('a')] }],
  ['a requirement among the guards', { guards: [anonymous()] }],
])('Fastify is told where a requirement of a route goes: %s', async (_title, sallyport) => {
  const app = Fastify();
  await app.register(fastifySecurity(demoChain()).plugin);
  const config = { sallyport: sallyport as { guards: [] } };
  expect(() => app.get('/', { config }, async () => '')).toThrow(
    'config.sallyport takes guards; a requirement goes to the hook: onRequest: secure(…)',
  );
  await app.close();
});

test.each([requireScopes, requireRoles, requireAudience])('%p refuses what names nothing', (guardOf) => {
  for (const value of [undefined, null, 7, {}, [], '', ['']]) {
    expect(() => guardOf(untyped(value))).toThrow(ConfigurationError);
  }
});

test.each([
  ['at once', (decision: object) => decision],
  ['later', (decision: object) => Promise.resolve(decision)],
])('what looks like a decision and was made by no chain lets nobody in: %s (CWE-636)', async (_when, answer) => {
  const decision = { kind: 'granted', principal: createPrincipal({ subject: 'alice' }), headers: [] };
  let runs = 0;
  const secured = fetchSecurity(untyped({ decide: () => answer(decision) }))(() => {
    runs += 1;
    return new Response('ran');
  });
  await expect(async () => secured(new Request('http://localhost/'))).rejects.toThrow('only a SecurityChain decides');
  expect(runs).toBe(0);
});
