import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

const ANSWER = {
  active: true,
  sub: 'alice',
  iss: 'https://as.example.com',
  aud: 'api',
  scope: 'read',
  groups: ['staff'],
};

let server: IntrospectionServer;
let subject: IntrospectionUnderTest;

beforeEach(async () => {
  server = await IntrospectionServer.start(() => ({ body: { ...ANSWER, exp: 1_800_000_600 } }));
});

afterEach(async () => {
  await subject.close();
  await server.close();
});

function mappingBy(mapPrincipal: IntrospectionHandlerOptions['mapPrincipal']): IntrospectionUnderTest {
  subject = new IntrospectionUnderTest({ endpoint: server.endpoint, mapPrincipal });
  return subject;
}

test('a mapping may choose subject, kind, scopes, roles and claims', async () => {
  const { principal } = await mappingBy((init, claims) => ({
    ...init,
    kind: 'workload',
    subject: `user:${init.subject}`,
    scopes: ['read', 'write'],
    roles: claims['groups'] as string[],
    claims: { tenant: 7 },
  })).ask();
  expect(principal).toMatchObject({
    kind: 'workload',
    subject: 'user:alice',
    scopes: ['read', 'write'],
    roles: ['staff'],
  });
  expect(principal?.claims).toEqual({ tenant: 7 });
});

test('a mapping may name a subject where the answer names nobody', async () => {
  server.answers({ body: { active: true, user_id: 4711 } });
  const { principal } = await mappingBy((init, { user_id: id }) => ({ ...init, subject: String(id) })).ask();
  expect(principal?.subject).toBe('4711');
});

test.each([[{ sub: 7 }], [{ sub: '' }], [{ sub: ['a'] }], [{ username: 7 }]])(
  'a mapping is asked before %j is refused [RFC 7662 2.2]',
  async (members) => {
    server.answers({ body: { active: true, ...members, user_id: 4711 } });
    const { principal } = await mappingBy((init, { user_id: id }) => ({ ...init, subject: String(id) })).ask();
    expect(principal?.subject).toBe('4711');
    expect(await mappingBy((init) => init).outcome()).toBe('503 introspection_answer_unusable');
  },
);

test('scopes and roles stand in the members that were named, also further down', async () => {
  server.answers({ body: { ...ANSWER, permissions: ['p'], realm_access: { roles: ['admin'] } } });
  subject = new IntrospectionUnderTest({
    endpoint: server.endpoint,
    scopeClaims: ['scope', 'permissions'],
    rolesClaims: 'realm_access.roles',
  });
  expect((await subject.ask()).principal).toMatchObject({ scopes: ['read', 'p'], roles: ['admin'] });
});

test('an answer that names nobody stays unusable when the mapping names nobody either [RFC 7662 2.2]', async () => {
  server.answers({ body: { active: true } });
  expect(await mappingBy((init) => init).outcome()).toBe('503 introspection_answer_unusable');
});

test('issuer, audience, end and way of proof cannot be mapped away [RFC 7662 4]', async () => {
  const { principal } = await mappingBy(({ subject: name }) => ({
    subject: name,
    issuer: 'https://evil.example',
    audience: ['everybody'],
    expiresAt: 9_999_999_999,
    via: [{ handler: 'mutual-tls', scheme: 'tls' }],
  })).ask();
  expect(principal).toMatchObject({
    issuer: 'https://as.example.com',
    audience: ['api'],
    expiresAt: 1_800_000_600,
    via: [{ handler: 'introspection', scheme: 'bearer' }],
  });
});

test('a binding to a certificate cannot be mapped away [RFC 8705 3]', async () => {
  server.answers({ body: { ...ANSWER, cnf: { 'x5t#S256': 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0' } } });
  expect(await mappingBy(({ subject: name }) => ({ subject: name })).outcome()).toBe('401 confirmation_unproved');
});

test('what is frozen by the answer cannot be changed through the mapping', async () => {
  await mappingBy((init) => init).ask();
  const { principal } = await subject.ask();
  expect(Object.isFrozen(principal?.claims)).toBe(true);
  expect(() => Object.assign(principal?.scopes ?? [], ['admin'])).toThrow(TypeError);
});

test('a mapping is not asked about tokens that are refused', async () => {
  let asked = 0;
  mappingBy((init) => {
    asked += 1;
    return init;
  });
  for (const body of [
    { active: false },
    { ...ANSWER, exp: 1 },
    { ...ANSWER, cnf: {} },
    { ...ANSWER, token_type: 'mac' },
  ]) {
    server.answers({ body });
    expect(await subject.status(JSON.stringify(body).replace(/\W/g, ''))).toBe(401);
  }
  expect(asked).toBe(0);
});
