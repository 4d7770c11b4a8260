import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Principal } from '@sallyport/core';
import { type JwtEvent, onJwtEvent, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { AUDIENCE, ISSUER, jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import { newKey, type SigningKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const OTHER = newKey('ES256', 'key-2');
const SECRET = 's'.repeat(48);
/** Signs as the owner of the secret. */
const HMAC: SigningKey = { ...EC, algorithm: 'HS256', privateKey: createSecretKey(Buffer.from(SECRET)) };

const old = trusted({ secret: SECRET }, { algorithms: 'HS256' });
const fresh = trusted({ jwks: { keys: [EC.jwk] } });

describe('several entries of one issuer', () => {
  test('take the tokens of both while it moves from a secret to a key pair', async () => {
    const under = jwtWith([old, fresh]);
    expect(await under.outcome(tokenBy(HMAC, {}, { kid: undefined }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER))).toBe('401 key_unknown');
  });

  test('never check a token of one with keys or algorithms of another (RFC 8725 2.1)', async () => {
    const under = jwtWith([old, fresh]);
    const spki = EC.publicKey.export({ type: 'spki', format: 'pem' });
    for (const secret of [spki, JSON.stringify(EC.jwk), EC.publicKey.export({ type: 'spki', format: 'der' })]) {
      const forged = tokenBy({ ...HMAC, privateKey: createSecretKey(Buffer.from(secret)) });
      expect(await under.outcome(forged)).toBe('401 signature_invalid');
    }
  });

  test('grant what one of them grants wholly: no key of one with the audience of another', async () => {
    const second = trusted({ jwks: { keys: [OTHER.jwk] } }, { audience: 'https://admin.example.com' });
    const under = jwtWith([fresh, second]);
    expect(await under.outcome(tokenBy(EC))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER))).toBe('401 audience_mismatch');
    expect(await under.outcome(tokenBy(EC, { aud: 'https://admin.example.com' }))).toBe('401 audience_mismatch');
    expect(await under.outcome(tokenBy(OTHER, { aud: 'https://admin.example.com' }))).toBe('granted');
  });

  test('may have the same keys and different rules', async () => {
    const server = await keyServer(EC.jwk);
    const second = trusted(published(server), { audience: 'https://admin.example.com' });
    const under = jwtWith([trusted(published(server)), second]);
    expect(await under.outcome(tokenBy(EC, { aud: 'https://admin.example.com' }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { aud: AUDIENCE }))).toBe('granted');
    expect(await under.outcome(tokenBy(EC, { exp: 1 }))).toMatch(/^401 /);
  });

  test('look for no new keys of one when another has signed the token', async () => {
    const [first, second] = [await keyServer(EC.jwk), await keyServer(OTHER.jwk)];
    const under = jwtWith([trusted(published(first)), trusted(published(second))]);
    await under.handler.start();
    under.clock.pass(60);
    for (const jti of ['a', 'b', 'c']) {
      expect(await under.outcome(tokenBy(OTHER, { jti }))).toBe('granted');
      expect(await under.outcome(tokenBy(OTHER, { jti: `${jti}-` }, { kid: undefined }))).toBe('granted');
    }
    expect([first.fetches, second.fetches]).toEqual([1, 1]);
  });

  test('stand for themselves during an outage of one', async () => {
    const [first, second] = [await keyServer(), await keyServer(OTHER.jwk)];
    first.answer = (_request, response) => response.writeHead(500).end();
    const under = jwtWith([trusted(published(first)), trusted(published(second))]);
    expect(await under.outcome(tokenBy(OTHER))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER, { aud: 'another' }))).toBe('401 audience_mismatch');
    expect(await under.outcome(tokenBy(EC))).toBe('503 err_sallyport_upstream_status');
  });
});

const { audience: _, ...withoutAudience } = fresh;

/** What a handler with this entry says of a token, and the warnings at its start. */
async function judged(entry: TrustedIssuer, ...token: Parameters<typeof tokenBy>) {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const under = jwtWith(entry);
  const warnings = warn.mock.calls.map(([message]) => String(message));
  warn.mockRestore();
  return { outcome: await under.outcome(tokenBy(...token)), warnings };
}

describe('clients, checked instead of an audience,', () => {
  const clients = { ...withoutAudience, clients: ['web-shop', 'app'], acceptTyp: ['JWT'] };
  const outcome = async (claims: object) =>
    (await judged(clients, EC, { aud: undefined, client_id: undefined, ...claims })).outcome;

  test.each<[string, object]>([
    ['client_id (RFC 9068 2.2)', { client_id: 'web-shop' }],
    ['both client_id and azp', { client_id: 'web-shop', azp: 'app' }],
    ['client_id, whatever aud says', { client_id: 'web-shop', aud: 'account' }],
    ['client_id beside an azp that is null', { client_id: 'web-shop', azp: null }],
  ])('are those that a token names as %s', async (__, claims) => {
    expect(await outcome(claims)).toBe('granted');
  });

  test('are those that a token names as azp (OpenID Connect Core 2)', async () => {
    const entry = { ...clients, requiredClaims: ['sub'] };
    expect((await judged(entry, EC, { aud: undefined, client_id: undefined, azp: 'app' })).outcome).toBe('granted');
  });

  test.each<[string, object, string]>([
    ['another client_id', { client_id: 'evil' }, 'client_mismatch'],
    ['another azp beside the client_id', { client_id: 'web-shop', azp: 'evil' }, 'client_mismatch'],
    ['an azp that is a list', { client_id: 'web-shop', azp: ['app'] }, 'client_mismatch'],
  ])('refuse %s', async (__, claims, reason) => {
    expect(await outcome(claims)).toBe(`401 ${reason}`);
  });

  test('refuse a token that names no client', async () => {
    const entry = { ...clients, requiredClaims: ['sub'] };
    const { outcome, warnings } = await judged(entry, EC, { aud: undefined, client_id: undefined });
    expect(outcome).toBe('401 client_mismatch');
    expect(warnings).toEqual([]);
  });

  test('refuse an ID token for the client (RFC 8725 3.11)', async () => {
    const claims = { aud: 'web-shop', azp: 'web-shop', client_id: undefined, scope: undefined, nonce: 'n' };
    expect((await judged(clients, EC, claims, { typ: 'JWT' })).outcome).toBe('401 access_token_shape_missing');
  });

  test('beside an audience are checked as well as that', async () => {
    const entry = { ...fresh, clients: ['web-shop'] };
    expect((await judged(entry, EC)).outcome).toBe('granted');
    expect((await judged(entry, EC, { aud: undefined })).outcome).toBe('401 audience_mismatch');
    expect((await judged(entry, EC, { client_id: 'evil' })).outcome).toBe('401 client_mismatch');
  });
});

test('allowAnyAudience accepts tokens for everybody, and warns of that', async () => {
  const entry = { ...withoutAudience, allowAnyAudience: true };
  const { outcome, warnings } = await judged(entry, EC, { aud: undefined });
  expect(outcome).toBe('granted');
  expect(warnings).toEqual(['tokens for any audience are accepted (allowAnyAudience)']);
  expect((await judged(entry, EC, { aud: 'another' })).outcome).toBe('granted');
});

describe('a secret that is shorter than its hash (RFC 7518 3.2)', () => {
  const SHORT: SigningKey = { ...HMAC, privateKey: createSecretKey(Buffer.from('secret')) };
  const entry = trusted({ secret: 'secret', allowShortSecret: true }, { algorithms: 'HS256' });

  test('verifies the tokens that users have where it is allowed, and warns of that', async () => {
    const { outcome, warnings } = await judged(entry, SHORT, {}, { kid: undefined });
    expect(outcome).toBe('granted');
    expect(warnings).toEqual(['tokens are signed with a secret that may be guessed (allowShortSecret)']);
    expect((await judged(entry, HMAC, {}, { kid: undefined })).outcome).toBe('401 signature_invalid');
  });
});

describe('an entry for tokens without an issuer', () => {
  beforeEach(() => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const nameless = { ...fresh, allowMissingIssuer: true };

  test.each([undefined, null, ''])('takes them, and warns of it: iss is %j', async (iss) => {
    const { outcome, warnings } = await judged(nameless, EC, { iss });
    expect(outcome).toBe('granted');
    expect(warnings).toEqual(['tokens that name no issuer are accepted (allowMissingIssuer)']);
  });

  test.each([undefined, null, ''])('names their principals: iss is %j', async (iss) => {
    const decision = await jwtWith(nameless).decide(tokenBy(EC, { iss }));
    expect((decision as { principal?: Principal }).principal).toMatchObject({ issuer: ISSUER, subject: 'alice' });
  });

  test.each([ISSUER, 'https://evil.test', ' ', 7, []])('never takes one whose iss is %j', async (iss) => {
    expect((await judged(nameless, EC, { iss })).outcome).toBe('401 credentials_unrecognised');
  });

  test('is bound to its own key and audience (RFC 8725 3.8)', async () => {
    const under = jwtWith([nameless, trusted({ jwks: { keys: [OTHER.jwk] } })]);
    expect(await under.outcome(tokenBy(OTHER))).toBe('granted');
    expect(await under.outcome(tokenBy(EC))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy(EC, { iss: undefined }))).toBe('granted');
    expect(await under.outcome(tokenBy(OTHER, { iss: undefined }))).toBe('401 key_unknown');
    expect(await under.outcome(tokenBy(EC, { iss: undefined, aud: 'another' }))).toBe('401 audience_mismatch');
  });

  test('may have others beside it while its key is replaced, each with a name of its own', async () => {
    const under = jwtWith([nameless, { ...nameless, issuer: `${ISSUER}/new`, keys: { jwks: { keys: [OTHER.jwk] } } }]);
    const issuerOf = async (key: SigningKey, claims = {}) => {
      const decision = await under.decide(tokenBy(key, { iss: undefined, ...claims }));
      return (decision as { principal?: Principal }).principal?.issuer;
    };
    expect([await issuerOf(EC), await issuerOf(OTHER)]).toEqual([ISSUER, `${ISSUER}/new`]);
    expect(await issuerOf(OTHER, { aud: 'another' })).toBeUndefined();
    expect(await under.outcome(tokenBy(newKey('ES256', 'key-3'), { iss: undefined }))).toBe('401 key_unknown');
  });

  test('has to be there: without it such tokens are nobody’s, whatever a resolver trusts', async () => {
    const resolve = jest.fn(async () => undefined);
    const under = jwtWith([fresh], { issuerResolver: { trusts: () => true, resolve } });
    for (const iss of [undefined, null, '']) {
      expect(await under.outcome(tokenBy(EC, { iss }))).toBe('401 credentials_unrecognised');
    }
    expect(resolve).not.toHaveBeenCalled();
  });
});

describe('a token whose issuer is not trusted', () => {
  async function toldOf(iss: string): Promise<readonly JwtEvent[]> {
    const told: JwtEvent[] = [];
    const end = onJwtEvent((event) => told.push(event));
    expect(await jwtWith(fresh).outcome(tokenBy(EC, { iss }))).toBe('401 credentials_unrecognised');
    end();
    return told;
  }

  test.each([`${ISSUER}/`, ISSUER.replace('https', 'http'), ISSUER.toUpperCase(), `${ISSUER}\n`])(
    'is refused and told, with the issuer that it probably means: %j (RFC 7519 4.1.1)',
    async (iss) => {
      const issuer = JSON.stringify(iss);
      expect(await toldOf(iss)).toEqual([{ kind: 'issuer_nearly_known', handler: 'jwt', issuer, nearest: ISSUER }]);
    },
  );

  test('is not told when it is nearly no other', async () => {
    expect(await toldOf('https://evil.test')).toEqual([]);
    expect(await toldOf(`${ISSUER}.evil.test`)).toEqual([]);
  });
});
