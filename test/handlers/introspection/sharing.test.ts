import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryCacheStore } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import {
  type ClientAuthentication,
  IntrospectionHandler,
  type IntrospectionHandlerOptions,
} from '@sallyport/handlers/introspection';
import { newKey, tokenOf } from '../jwt/signing.js';
import { CLIENT, IntrospectionUnderTest } from './introspection-fixture.js';
import { type Arrival, IntrospectionServer } from './introspection-server.js';

const KEY = newKey('ES256', 'k1');
const OTHER_KEY = newKey('ES256', 'k1');
const SECRET = 'a deployment secret of 32 characters or more';

let server: IntrospectionServer;
let clock: ManualClock;
let store: MemoryCacheStore;
/** The published keys. */
let keys: unknown[];
const opened: IntrospectionUnderTest[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  store = new MemoryCacheStore({}, { clock });
  keys = [KEY.jwk];
  server = await IntrospectionServer.start(answerFor);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((subject) => subject.close()));
  await server.close();
});

/** Good tokens are good for everybody; signed answers are for both of the names that are used here. */
function answerFor({ path, headers }: Arrival) {
  if (path === '/jwks') return { body: { keys } };
  const answer = { active: true, sub: 'alice' };
  if (headers.accept !== 'application/token-introspection+jwt') return { body: answer };
  const claims = { iss: server.origin, aud: ['gateway', 'api'], iat: clock.now() / 1_000, token_introspection: answer };
  const header = JSON.stringify({ alg: 'ES256', kid: 'k1', typ: 'token-introspection+jwt' });
  const body = tokenOf(header, JSON.stringify(claims), 'ES256', KEY.privateKey);
  return { headers: { 'content-type': 'application/token-introspection+jwt' }, body };
}

type Options = Partial<IntrospectionHandlerOptions>;

/** Another process with the same store. */
function instance(options: Options): IntrospectionUnderTest {
  const cache = { secret: SECRET };
  const subject = new IntrospectionUnderTest({ endpoint: server.endpoint, cache, ...options }, { store, clock });
  opened.push(subject);
  return subject;
}

/** How often two instances ask about one token that both let in, or that only the first does. */
async function callsOf(first: Options, second: Options): Promise<number> {
  const [one, other] = [instance(first), instance(second)];
  await Promise.all([one.handler.start(), other.handler.start()]);
  expect(await one.status()).toBe(200);
  await other.ask();
  return server.arrivals.filter(({ method }) => method === 'POST').length;
}

const bearer = (more: object = {}): ClientAuthentication => ({ method: 'bearer', token: 'own-token', ...more });
const signed = (more: object = {}): Options => ({
  issuer: server.origin,
  signedAnswers: { algorithms: ['ES256', 'ES384'], keys: { jwks: { keys: [KEY.jwk] } }, ...more },
});

describe('answers are shared by who asks alike [RFC 7662 2.2]', () => {
  test.each<[string, () => [Options, Options]]>([
    ['the same client', () => [{}, {}]],
    [
      'the same name of handlers that ask with a token of their own',
      () => {
        const asking = (token: string) => ({ name: 'orders', clientAuthentication: bearer({ token }) });
        return [asking('one'), asking('two')];
      },
    ],
    [
      'the same client behind tokens of their own',
      () => {
        const asking = (token: string) => ({ clientAuthentication: bearer({ token, clientId: 'orders' }) });
        return [asking('one'), asking('two')];
      },
    ],
    [
      'readers who find one key in several ways',
      () => [
        signed(),
        signed({ keys: { jwksUri: `${server.origin}/jwks`, outbound: { allowInsecureLoopback: true } } }),
      ],
    ],
    ['the same reader of signed answers', () => [signed(), signed({ algorithms: ['ES384', 'ES256'] })]],
  ])('%s', async (_rule, pair) => {
    expect(await callsOf(...pair())).toBe(1);
  });
});

describe('and by nobody else [RFC 7662 2.2, RFC 9701 5]', () => {
  const named = (name: string) => ({ name, clientAuthentication: bearer() });
  const owned = (clientId: string) => ({ clientAuthentication: bearer({ clientId }) });

  test.each<[string, () => [Options, Options]]>([
    ['handlers of other names that ask with a token', () => [named('orders'), named('bills')]],
    ['tokens of other clients', () => [owned('orders'), owned('bills')]],
    ['a token of the same client', () => [{ clientAuthentication: CLIENT }, owned(CLIENT.clientId)]],
    ['another method', () => [{}, { clientAuthentication: { ...CLIENT, method: 'client_secret_post' } }]],
    ['another endpoint', () => [{}, { endpoint: `${server.endpoint}?realm=other` }]],
    ['another hint', () => [{}, { tokenTypeHint: false }]],
    [
      'a reader that wants an issuer',
      () => {
        const issuer = server.origin;
        return [{ issuer }, { issuer, requireIssuer: true }];
      },
    ],
    [
      'a reader that takes answers from any server',
      () => [{ outbound: { dangerouslyAcceptAnyCertificate: true } }, {}],
    ],
    ['a reader of signed answers', () => [{ issuer: server.origin }, signed()]],
    ['a reader of signed answers for another audience', () => [signed(), signed({ audience: 'api' })]],
    [
      'a reader that has another key of the same name',
      () => [signed(), signed({ keys: { jwks: { keys: [OTHER_KEY.jwk] } } })],
    ],
    [
      'a reader that knows the key by another name',
      () => {
        const { alg: _, ...jwk } = KEY.jwk;
        return [signed(), signed({ keys: { jwks: { keys: [{ ...jwk, kid: 'k2' }] } } })];
      },
    ],
    ['a reader that takes fewer algorithms', () => [signed(), signed({ algorithms: ['ES256'] })]],
  ])('%s', async (_rule, pair) => {
    expect(await callsOf(...pair())).toBe(2);
  });
});

describe('where nothing tells who asks, a shared store is refused at the start', () => {
  test.each<[string, Options, string]>([
    ['with a token of its own', { clientAuthentication: bearer() }, 'clientAuthentication'],
    ['with a mapping', { mapPrincipal: (init) => init }, 'name'],
  ])('%s', (_rule, options, option) => {
    const make = (more: Options, collaborators: object) => () =>
      new IntrospectionHandler(
        { realm: 'test', endpoint: 'https://as.example.com/i', clientAuthentication: CLIENT, ...options, ...more },
        { clock, ...collaborators },
      );
    const cache = { secret: SECRET };
    const refusal = { code: 'ERR_SALLYPORT_OPTION_INVALID', message: expect.stringContaining(`.${option} `) };
    expect(make({ cache }, { store })).toThrow(expect.objectContaining(refusal));
    expect(make({ cache, name: 'orders' }, { store })).not.toThrow();
    expect(make({}, {})).not.toThrow();
  });
});
