import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { DecryptionKey } from '@sallyport/handlers/jwt';
import { CompactEncrypt } from 'jose';
import { type JwtUnderTest, jwtWith, NOON, tokenBy, trusted } from './jwt-fixture.js';
import { base64url, newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SECRET = createSecretKey(randomBytes(32));

const WITH_RSA: DecryptionKey = { key: RSA.privateKey, algorithms: 'RSA-OAEP-256', contentEncryption: 'A256GCM' };

function under(...decryptionKeys: readonly DecryptionKey[]): JwtUnderTest {
  return jwtWith(trusted({ publicKey: EC.publicKey }), { decryptionKeys });
}

interface Envelope {
  readonly key?: KeyObject;
  readonly alg?: string;
  readonly enc?: string;
  readonly header?: object;
}

function encrypted(text: string, envelope: Envelope = {}): Promise<string> {
  const { key = RSA.publicKey, alg = 'RSA-OAEP-256', enc = 'A256GCM', header } = envelope;
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg, enc, cty: 'JWT', ...header }).encrypt(key);
}

/** Exchanges the header of an encrypted token: it no longer opens, but has to be refused before that is tried. */
function withHeader(token: string, header: object): string {
  return [base64url(JSON.stringify(header)), ...token.split('.').slice(1)].join('.');
}

describe('an encrypted token', () => {
  test.each<[DecryptionKey, KeyObject]>([
    [WITH_RSA, RSA.publicKey],
    [{ key: P256.privateKey, algorithms: 'ECDH-ES+A128KW', contentEncryption: 'A128CBC-HS256' }, P256.publicKey],
    [{ key: P256.privateKey, algorithms: 'ECDH-ES', contentEncryption: 'A128GCM' }, P256.publicKey],
    [{ key: SECRET, algorithms: 'dir', contentEncryption: 'A256GCM' }, SECRET],
    [{ key: SECRET, algorithms: 'dir', contentEncryption: 'A128CBC-HS256' }, SECRET],
    [{ key: SECRET, algorithms: 'A256GCMKW', contentEncryption: 'A256CBC-HS512' }, SECRET],
    [{ key: SECRET, algorithms: 'A256KW', contentEncryption: 'A256GCM' }, SECRET],
  ])('is opened, and the token within it judged (RFC 7519 A.2): case %#', async (key, sender) => {
    const jwt = under(key);
    const envelope = { key: sender, alg: String(key.algorithms), enc: String(key.contentEncryption) };
    const token = await encrypted(tokenBy(EC), envelope);
    expect(await jwt.decide(token)).toMatchObject({ kind: 'granted', principal: { subject: 'alice' } });
    expect(jwt.decide(token)).toMatchObject({ kind: 'granted' });
    const expired = await encrypted(tokenBy(EC, { exp: NOON - 60 }), envelope);
    expect(await jwt.outcome(expired)).toBe('401 token_expired');
  });

  test("is nobody's where no key was configured for it (RFC 8725 2.7)", async () => {
    expect(await under().outcome(await encrypted(tokenBy(EC)))).toBe('401 credentials_unrecognised');
  });

  test.each<[string, () => string, string]>([
    ['a forged token', () => tokenBy(newKey('ES256', 'key-1')), '401 signature_invalid'],
    ['a token of a stranger', () => tokenBy(EC, { iss: 'https://evil.test' }), '401 issuer_unknown'],
    [
      'claims without a signature (RFC 7519 11.2)',
      () => JSON.stringify({ iss: 'https://as.example.com' }),
      '401 issuer_unknown',
    ],
    ['alg none', () => tokenBy(EC, {}, { alg: 'none' }), '401 algorithm_not_allowed'],
    ['nothing', () => ' ', '401 issuer_unknown'],
  ])('that holds %s is refused: encryption proves nothing about its sender', async (_, content, outcome) => {
    expect(await under(WITH_RSA).outcome(await encrypted(content()))).toBe(outcome);
  });

  test('that holds a token of four parts is refused (RFC 7515 7.1)', async () => {
    const [header, claims, signature] = tokenBy(EC).split('.') as [string, string, string];
    const four = [header, claims.slice(0, 40), claims.slice(40), signature].join('.');
    expect(await under(WITH_RSA).outcome(await encrypted(four))).toBe('401 token_malformed');
  });

  test('within an encrypted token is refused', async () => {
    const jwt = under(WITH_RSA);
    expect(await jwt.outcome(await encrypted(await encrypted(tokenBy(EC))))).toBe('401 issuer_unknown');
  });

  test.each<[string, object, string]>([
    [
      'PBES2 (CVE-2022-36083)',
      { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2s: 'AAAA', p2c: 2e9 },
      'encryption_not_allowed',
    ],
    ['compression (CVE-2024-28176)', { alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' }, 'encryption_not_allowed'],
    ['crit (RFC 7516 4.1.13)', { alg: 'RSA-OAEP-256', enc: 'A256GCM', crit: ['exp'] }, 'encryption_not_allowed'],
    ['RSA1_5', { alg: 'RSA1_5', enc: 'A256GCM' }, 'encryption_not_allowed'],
    ['another algorithm', { alg: 'RSA-OAEP', enc: 'A256GCM' }, 'encryption_not_allowed'],
    ['another content encryption', { alg: 'RSA-OAEP-256', enc: 'A128GCM' }, 'encryption_not_allowed'],
    ['no algorithm', { enc: 'A256GCM' }, 'encryption_not_allowed'],
    ['algorithms in a list', { alg: ['RSA-OAEP-256'], enc: 'A256GCM' }, 'encryption_not_allowed'],
    ['no cty (RFC 7519 5.2)', { alg: 'RSA-OAEP-256', enc: 'A256GCM' }, 'encrypted_token_not_nested'],
    ['another cty', { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JSON' }, 'encrypted_token_not_nested'],
    ['a changed header', { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', x: 1 }, 'decryption_failed'],
  ])('with %s is refused', async (_, header, reason) => {
    const token = withHeader(await encrypted(tokenBy(EC)), header);
    expect(await under(WITH_RSA).outcome(token)).toBe(`401 ${reason}`);
  });

  test('with a header that can be read in two ways is refused (RFC 8725 2.9)', async () => {
    const [, ...others] = (await encrypted(tokenBy(EC))).split('.');
    const header = base64url('{"alg":"RSA-OAEP","alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}');
    expect(await under(WITH_RSA).outcome([header, ...others].join('.'))).toBe('401 encrypted_token_malformed');
  });

  test.each([0, 1, 2, 3, 4])('whose part %i was changed does not open', async (index) => {
    const parts = (await encrypted(tokenBy(EC))).split('.');
    const part = Buffer.from(parts[index] as string, 'base64url');
    part.writeUInt8(part.readUInt8(4) ^ 1, 4);
    parts[index] = base64url(part);
    expect(await under(WITH_RSA).outcome(parts.join('.'))).toMatch(/^401 (decryption_failed|encrypt\w+)$/);
  });

  test('for somebody else does not open', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const token = await encrypted(tokenBy(EC), { key: other.publicKey });
    expect(await under(WITH_RSA).outcome(token)).toBe('401 decryption_failed');
  });

  test('finds its key among several by kid, and is refused when it could be any (RFC 7516 4.1.6)', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const jwt = under({ ...WITH_RSA, kid: 'mine' }, { ...WITH_RSA, key: other.privateKey, kid: 'other' });
    expect(await jwt.outcome(await encrypted(tokenBy(EC), { header: { kid: 'mine' } }))).toBe('granted');
    expect(await jwt.outcome(await encrypted(tokenBy(EC), { header: { kid: 'third' } }))).toBe(
      '401 decryption_key_unknown',
    );
    expect(await jwt.outcome(await encrypted(tokenBy(EC)))).toBe('401 decryption_key_unknown');
  });

  test('leaves signed tokens as they are: both are accepted', async () => {
    expect(await under(WITH_RSA).outcome(tokenBy(EC))).toBe('granted');
  });
});

describe('decryption keys are refused at start', () => {
  test.each<[string, DecryptionKey]>([
    ['that are public', { ...WITH_RSA, key: RSA.publicKey }],
    ['that are too short', { ...WITH_RSA, key: generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey }],
    ['for RSA1_5', { ...WITH_RSA, algorithms: 'RSA1_5' as 'RSA-OAEP' }],
    ['for an algorithm of another key', { ...WITH_RSA, algorithms: 'ECDH-ES' }],
    ['for an unknown content encryption', { ...WITH_RSA, contentEncryption: 'A256' as 'A256GCM' }],
    ['of another length than wrapping needs', { ...WITH_RSA, key: SECRET, algorithms: 'A128KW' }],
    ['of another length than the content needs', { key: SECRET, algorithms: 'dir', contentEncryption: 'A128GCM' }],
    [
      'of a length that fits one encryption only',
      { key: SECRET, algorithms: 'dir', contentEncryption: ['A256GCM', 'A256CBC-HS512'] },
    ],
    ['that are no keys', { ...WITH_RSA, key: 'x' }],
  ])('%s', (_, key) => {
    expect(() => under(key)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }));
  });
});
