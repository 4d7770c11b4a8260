import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Actor, MemoryCacheStore, requireActor, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { AuthorizationServer, ask, ManualClock } from '@sallyport/core/testing';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler, type MapPrincipal } from '@sallyport/handlers/jwt';

interface Vector {
  readonly why: string;
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
  /** The outermost first. */
  readonly actors?: readonly Actor[];
  readonly refused?: boolean;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../vectors/guard/actors.json', import.meta.url), 'utf8'),
) as readonly Vector[];

const outbound = { allowInsecureLoopback: true };
const clock = new ManualClock();

let server: AuthorizationServer;
beforeAll(async () => {
  server = await AuthorizationServer.start({ clock });
});
afterAll(() => server.close());

function jwt(mapPrincipal?: MapPrincipal): SecurityHandler {
  const { issuer, audience, jwksUri } = server;
  const entry = { issuer, audience, algorithms: 'ES256', keys: { jwksUri, outbound }, mapPrincipal } as const;
  return new JwtHandler({ realm: 'api', issuers: [entry] }, { clock });
}

function introspection(mapPrincipal?: MapPrincipal, store?: MemoryCacheStore): SecurityHandler {
  const { clientId, clientSecret, introspectionEndpoint: endpoint, audience } = server;
  const clientAuthentication = { method: 'client_secret_basic', clientId, clientSecret } as const;
  const cache = { secret: 'a secret that all instances share, 1' };
  const options = { realm: 'api', endpoint, audience, clientAuthentication, outbound, cache, mapPrincipal };
  return new IntrospectionHandler(options, { clock, store });
}

/** The outermost first, with what is known of each. */
function listed(actor: Actor | undefined): readonly object[] {
  if (actor === undefined) return [];
  const { actor: before, ...own } = actor;
  return [Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)), ...listed(before)];
}

describe.each([
  ['the claims of a JWT', jwt, false, 401, 'claim_act_mistyped'],
  ['an introspection answer [RFC 8693 4.1, RFC 7662 2.2]', introspection, true, 503, 'introspection_answer_unusable'],
] as const)('actors by %s', (_what, makeHandler, opaque, status, reason) => {
  async function answerTo(claims: Vector['claims'], requirement: SecurityHandler = makeHandler()) {
    const chain = new SecurityChain({ requirement }, { clock });
    const answer = await ask(chain, '/', await server.as({ subject: claims.sub, claims }, { opaque }));
    await chain.close();
    return answer;
  }

  test.each(VECTORS.map((vector) => [vector.why, vector] as const))('%s', async (_why, { claims, actors, refused }) => {
    const answer = await answerTo(claims);
    if (refused === true) {
      expect(answer).toMatchObject({ status, reason });
      expect(answer.event.detail).toContain('expected an object that names an actor');
    } else {
      expect(answer.status).toBe(200);
      expect(answer.principal?.subject).toBe(claims.sub);
      expect(listed(answer.principal?.actor)).toEqual(actors);
      expect(Object.isFrozen(answer.principal?.actor ?? Object.freeze({}))).toBe(true);
    }
  });

  test('sixteen are enough', async () => {
    const chainOf = (count: number): object => ({ sub: `s${count}`, ...(count > 1 && { act: chainOf(count - 1) }) });
    expect(listed((await answerTo({ sub: 'alice', act: chainOf(16) })).principal?.actor)).toHaveLength(16);
    expect(await answerTo({ sub: 'alice', act: chainOf(17) })).toMatchObject({ status, reason });
  });

  test('a mapping changes nothing of who acts', async () => {
    const claims = { sub: 'alice', act: { sub: 'bob' } };
    const { principal } = await answerTo(
      claims,
      makeHandler(({ actor: _actor, ...init }) => init),
    );
    expect(principal?.actor?.subject).toBe('bob');
    const other = await answerTo(
      { sub: 'alice' },
      makeHandler((init) => ({ ...init, actor: { subject: 'bob' } })),
    );
    expect(other.principal?.actor).toBeUndefined();
  });

  test('the outermost decides, and those within it do not', async () => {
    const statusFor = async (act: object | undefined) => {
      const chain = new SecurityChain({ requirement: makeHandler(), guards: [requireActor('console')] }, { clock });
      const answer = await ask(chain, '/', await server.as({ subject: 'alice', claims: { act } }, { opaque }));
      await chain.close();
      return answer.status;
    };
    expect(await statusFor({ sub: 'console', act: { sub: 'batch' } })).toBe(200);
    expect(await statusFor({ sub: 'batch', act: { sub: 'console' } })).toBe(403);
    expect(await statusFor({ sub: 'console', iss: 'https://other.example' })).toBe(403);
    expect(await statusFor({ sub: 'console', iss: server.issuer })).toBe(200);
    expect(await statusFor(undefined)).toBe(403);
  });

  test('events tell who acts', async () => {
    const { event } = await answerTo({ sub: 'alice', act: { sub: 'bob', act: { sub: 'carol' } } });
    expect(listed(event.principal?.actor)).toEqual([{ subject: 'bob' }, { subject: 'carol' }]);
  });
});

test('actors of a shared verdict are those of the token', async () => {
  const store = new MemoryCacheStore({}, { clock });
  const parts = await server.as(
    { subject: 'alice', claims: { act: { sub: 'bob', act: { sub: 'carol' } } } },
    { opaque: true },
  );
  const calls = server.calls('introspection');
  for (const _instance of [1, 2]) {
    const chain = new SecurityChain({ requirement: introspection(undefined, store) }, { clock });
    const { principal } = await ask(chain, '/', parts);
    expect(listed(principal?.actor)).toEqual([{ subject: 'bob' }, { subject: 'carol' }]);
    await chain.close();
  }
  expect(server.calls('introspection')).toBe(calls + 1);
});

test('the test kit issues tokens in which somebody acts', async () => {
  const actor = { subject: 'bob', issuer: 'https://other.example', actor: { subject: 'carol' } };
  const chain = new SecurityChain({ requirement: jwt() }, { clock });
  const { principal } = await ask(chain, '/', await server.as({ subject: 'alice', actor }));
  expect(listed(principal?.actor)).toEqual([{ subject: 'bob', issuer: 'https://other.example' }, { subject: 'carol' }]);
  await chain.close();
});
