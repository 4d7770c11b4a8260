import { describe, expect, test } from '@jest/globals';
import type { IssuerResolverOptions, PublishedKeys, TrustedIssuer } from '@sallyport/handlers/jwt';
import {
  ISSUER,
  type JwtUnderTest,
  jwtWith,
  keyServer,
  nextKeySetEvent,
  published,
  tokenBy,
  trusted,
} from './jwt-fixture.js';
import type { KeyServer } from './key-server.js';
import { newKey } from './signing.js';

const KEY = newKey('ES256', 'k1');
const OTHER = newKey('ES256', 'k2');
const RSA = newKey('RS256', 'rsa');
const FAR = 1_900_000_000;

interface Scene {
  readonly server: KeyServer;
  readonly jwt: JwtUnderTest;
  readonly token: string;
}

/** A token that is remembered for a day, of a key that is published; nothing else is ever asked. */
async function remembered(
  key = KEY,
  { keys = {}, issuer = {} }: { keys?: Partial<PublishedKeys>; issuer?: Partial<TrustedIssuer> } = {},
): Promise<Scene> {
  const { alg: _, ...jwk } = key.jwk;
  const server = await keyServer(issuer.algorithms === undefined ? key.jwk : jwk, OTHER.jwk);
  const jwt = jwtWith(trusted(published(server, keys), issuer), { cache: { ttlSeconds: 86_400 } });
  const token = tokenBy(key, { exp: FAR });
  expect(await jwt.outcome(token)).toBe('granted');
  return { server, jwt, token };
}

function isRemembered({ jwt, token }: Scene): boolean {
  const { hits } = jwt.handler.statistics.cache;
  const decision = jwt.decide(token);
  return !(decision instanceof Promise) && decision.kind === 'granted' && jwt.handler.statistics.cache.hits > hits;
}

/** Lets a remembered token be asked until the keys were fetched again. */
async function refreshed(scene: Scene): Promise<void> {
  scene.jwt.clock.pass(480);
  const loaded = nextKeySetEvent('keys_loaded');
  expect(isRemembered(scene)).toBe(true);
  await loaded;
}

describe('a remembered token has the keys fetched again by itself', () => {
  test('before they are too old, and nobody waits for it', async () => {
    const scene = await remembered();
    await refreshed(scene);
    expect(isRemembered(scene)).toBe(true);
    expect(scene.server.fetches).toBe(2);
  });

  test('and is refused when its key is gone, though no other token comes', async () => {
    const scene = await remembered();
    scene.server.publish(OTHER.jwk);
    await refreshed(scene);
    expect(await scene.jwt.outcome(scene.token)).toBe('401 key_unknown');
  });

  test('however short keys are believed', async () => {
    const scene = await remembered(KEY, { keys: { maxAgeSeconds: 3, cooldownSeconds: 1 } });
    scene.server.publish(OTHER.jwk);
    scene.jwt.clock.pass(3);
    expect(await scene.jwt.outcome(scene.token)).toBe('401 key_unknown');
  });

  test('and waits for them once nobody came while they were good', async () => {
    const scene = await remembered();
    scene.jwt.clock.pass(600);
    const waiting = scene.jwt.decide(scene.token);
    expect(waiting).toBeInstanceOf(Promise);
    expect(await waiting).toMatchObject({ kind: 'granted' });
    expect(isRemembered(scene)).toBe(true);
  });
});

describe('during an outage of the key server', () => {
  test('a remembered token is good as long as keys may be stale, then it is 503, and good again after it', async () => {
    const scene = await remembered(KEY, { keys: { maxAgeSeconds: 60, maxStaleSeconds: 60 } });
    scene.server.answer = (_request, response) => void response.writeHead(500).end();
    scene.jwt.clock.pass(60);
    expect(await scene.jwt.outcome(scene.token)).toBe('granted');
    scene.jwt.clock.pass(59);
    expect(isRemembered(scene)).toBe(true);
    scene.jwt.clock.pass(1);
    expect(await scene.jwt.outcome(scene.token)).toBe('503 err_sallyport_upstream_status');
    scene.server.publish(KEY.jwk);
    scene.jwt.clock.pass(30);
    expect(await scene.jwt.outcome(scene.token)).toBe('granted');
  });
});

describe('what a key has proved falls with it', () => {
  test.each<[string, object[], string]>([
    ['when it is removed', [OTHER.jwk], '401 key_unknown'],
    ['when another key takes its kid', [{ ...OTHER.jwk, kid: 'k1' }], '401 signature_invalid'],
    ['when two keys bear its kid [RFC 7517 4.5]', [KEY.jwk, { ...OTHER.jwk, kid: 'k1' }, OTHER.jwk], '401 key_unfit'],
    ['when it gets another kid', [{ ...KEY.jwk, kid: 'k3' }], '401 key_unknown'],
    ['when its use is encryption [RFC 7517 4.2]', [{ ...KEY.jwk, use: 'enc' }, OTHER.jwk], '401 key_unknown'],
    ['when it may sign only [RFC 7517 4.3]', [{ ...KEY.jwk, key_ops: ['sign'] }, OTHER.jwk], '401 key_unknown'],
    ['when it is for another algorithm [RFC 7517 4.4]', [{ ...KEY.jwk, alg: 'ES384' }, OTHER.jwk], '401 key_unknown'],
    ['when its material is malformed', [{ ...KEY.jwk, x: 'AA' }, OTHER.jwk], '401 key_unknown'],
  ])('%s', async (_rule, keys, outcome) => {
    const scene = await remembered();
    scene.server.publish(...keys);
    await refreshed(scene);
    expect(await scene.jwt.outcome(scene.token)).toBe(outcome);
  });

  test('when it no longer goes with the algorithm of the token [RFC 8725 3.1]', async () => {
    const scene = await remembered(RSA, { issuer: { algorithms: ['RS256', 'RS384'] } });
    scene.server.publish({ ...RSA.jwk, alg: 'RS384' });
    await refreshed(scene);
    expect(await scene.jwt.outcome(scene.token)).toBe('401 key_unfit');
  });

  test('and not when it is published anew, in other words or together with others', async () => {
    const scene = await remembered();
    scene.server.publish(OTHER.jwk, newKey('ES256', 'k3').jwk, { ...KEY.jwk, x5c: ['changed'] }, KEY.jwk);
    await refreshed(scene);
    expect(isRemembered(scene)).toBe(true);
  });

  test('and is proved anew when the key comes back', async () => {
    const scene = await remembered();
    scene.server.publish(OTHER.jwk);
    await refreshed(scene);
    expect(await scene.jwt.outcome(scene.token)).toBe('401 key_unknown');
    scene.server.publish(KEY.jwk);
    scene.jwt.clock.pass(600);
    expect(await scene.jwt.outcome(scene.token)).toBe('granted');
  });

  test('while a refusal does not outlive the keys that it came from', async () => {
    const server = await keyServer(OTHER.jwk);
    const jwt = jwtWith(trusted(published(server)), { cache: { negativeTtlSeconds: 3_600 } });
    const token = tokenBy(KEY, { exp: FAR });
    expect(await jwt.outcome(token)).toBe('401 key_unknown');
    server.publish(KEY.jwk);
    jwt.clock.pass(600);
    expect(await jwt.outcome(tokenBy(KEY, { exp: FAR, jti: 'another' }))).toBe('granted');
    expect(await jwt.outcome(token)).toBe('granted');
  });
});

describe('what was proved for a resolved issuer falls with it, though no other token comes', () => {
  const tenant = (changes: Partial<TrustedIssuer> = {}) => trusted({ jwks: { keys: [KEY.jwk] } }, changes);

  async function resolved(
    resolve: IssuerResolverOptions['resolve'],
    trusts: IssuerResolverOptions['trusts'] = [ISSUER],
  ) {
    const jwt = jwtWith([], { issuerResolver: { trusts, resolve }, cache: { ttlSeconds: 86_400 } });
    const scene = { jwt, token: tokenBy(KEY, { exp: FAR }) };
    expect(await jwt.outcome(scene.token)).toBe('granted');
    return scene;
  }

  test('when it does not exist any more', async () => {
    let known: TrustedIssuer | undefined = tenant();
    const { jwt, token } = await resolved(async () => known);
    known = undefined;
    jwt.clock.pass(599);
    expect(await jwt.outcome(token)).toBe('granted');
    jwt.clock.pass(1);
    expect(await jwt.outcome(token)).toBe('401 issuer_unknown');
  });

  test('when its rules have changed', async () => {
    let known = tenant();
    const { jwt, token } = await resolved(async () => known);
    known = tenant({ audience: 'another' });
    jwt.clock.pass(600);
    expect(await jwt.outcome(token)).toBe('401 audience_mismatch');
  });

  test('when nobody can tell', async () => {
    let isDown = false;
    const { jwt, token } = await resolved(async () => {
      if (isDown) throw new Error('down');
      return tenant();
    });
    isDown = true;
    jwt.clock.pass(600);
    expect(await jwt.outcome(token)).toBe('503 err_sallyport_upstream_unreachable');
  });

  test('at once when it is no longer trusted', async () => {
    const tenants = new Set([ISSUER]);
    const scene = await resolved(
      async () => tenant(),
      (issuer) => tenants.has(issuer),
    );
    expect(isRemembered(scene as Scene)).toBe(true);
    tenants.clear();
    expect(await scene.jwt.outcome(scene.token)).toBe('401 credentials_unrecognised');
  });

  test('and stays while it is confirmed', async () => {
    const scene = await resolved(async () => tenant());
    scene.jwt.clock.pass(600);
    expect(await scene.jwt.outcome(scene.token)).toBe('granted');
    expect(isRemembered(scene as Scene)).toBe(true);
  });
});

describe('a verified token is remembered', () => {
  test.each([
    ['for 300 s', FAR, undefined, 300],
    ['until it expires, where that is sooner', 1_800_000_120, undefined, 120],
    ['for as long as configured', FAR, 30, 30],
    ['not at all, where that is configured', FAR, 0, 0],
  ])('%s', async (_rule, exp, ttlSeconds, seconds) => {
    const jwt = jwtWith(trusted({ jwks: { keys: [KEY.jwk] } }), { cache: { ttlSeconds } });
    const scene = { jwt, token: tokenBy(KEY, { exp }) } as Scene;
    await jwt.decide(scene.token);
    let remembered = 0;
    for (; isRemembered(scene); remembered += 1) jwt.clock.pass(1);
    expect(remembered).toBe(seconds);
  });
});
