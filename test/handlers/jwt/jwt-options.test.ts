import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { bearerChallenge } from '@sallyport/core/extend';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { jwtWith, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const RSA = newKey('RS256');
const PEM = EC.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const SECRET = randomBytes(64);

function withPem(): TrustedIssuer {
  return trusted({ publicKey: PEM, kid: EC.kid });
}

describe('options', () => {
  const keys = { publicKey: PEM };

  test.each<[string, unknown, string]>([
    ['no issuer at all', { issuers: [] }, 'JwtHandlerOptions'],
    [
      'a switch that contradicts the audience',
      { issuers: [trusted(keys, { allowAnyAudience: true })] },
      'issuers[0].allowAnyAudience is for issuers without audience and clients',
    ],
    ['no clients', { issuers: [trusted(keys, { clients: [] })] }, 'issuers[0].clients'],
    [
      'no audience',
      { issuers: [trusted(keys, { audience: undefined })] },
      'issuers[0].audience is needed, unless clients are checked instead',
    ],
    ['an empty audience', { issuers: [trusted(keys, { audience: [] })] }, 'audience'],
    ['no algorithms', { issuers: [trusted(keys, { algorithms: [] })] }, 'algorithms'],
    ['algorithm none', { issuers: [trusted(keys, { algorithms: 'none' as 'ES256' })] }, 'algorithms'],
    [
      'algorithm none beside another, of keys that are fetched',
      { issuers: [trusted({ jwksUri: 'https://as.example.com/jwks' }, { algorithms: ['ES256', 'none' as 'ES256'] })] },
      'algorithms must be some of',
    ],
    ['an algorithm in lower case', { issuers: [trusted(keys, { algorithms: 'es256' as 'ES256' })] }, 'algorithms'],
    ['HMAC with a public key', { issuers: [trusted(keys, { algorithms: ['ES256', 'HS256'] })] }, 'keys'],
    [
      'HMAC beside public keys that are fetched',
      { issuers: [trusted({ jwksUri: 'https://as.example.com/jwks' }, { algorithms: ['ES256', 'HS256'] })] },
      'keys go with public key algorithms only',
    ],
    ['RSA with a shared secret', { issuers: [trusted({ secret: SECRET }, { algorithms: 'RS256' })] }, 'keys'],
    [
      'RS and PS with one key',
      { issuers: [trusted({ publicKey: RSA.publicKey }, { algorithms: ['RS256', 'PS256'] })] },
      'keys',
    ],
    ['a curve that does not fit', { issuers: [trusted(keys, { algorithms: 'ES384' })] }, 'publicKey'],
    ['a private key', { issuers: [trusted({ publicKey: EC.privateKey })] }, 'publicKey'],
    [
      'a private key in PEM',
      { issuers: [trusted({ publicKey: EC.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string })] },
      'publicKey',
    ],
    [
      'a private key in a JWKS',
      { issuers: [trusted({ jwks: { keys: [EC.privateKey.export({ format: 'jwk' })] } })] },
      'jwks',
    ],
    ['a JWKS without a usable key', { issuers: [trusted({ jwks: { keys: [RSA.jwk] } })] }, 'jwks'],
    ['a short secret', { issuers: [trusted({ secret: 'x'.repeat(31) }, { algorithms: 'HS256' })] }, 'secret'],
    [
      'a short secret that is allowed, for a public key algorithm',
      { issuers: [trusted({ secret: 'short', allowShortSecret: true }, { algorithms: 'RS256' })] },
      'keys go with HMAC algorithms only',
    ],
    [
      'no secret at all, although a short one is allowed',
      { issuers: [trusted({ secret: '', allowShortSecret: true }, { algorithms: 'HS256' })] },
      'secret must be a non-empty secret',
    ],
    ['an empty secret', { issuers: [trusted({ secret: '' }, { algorithms: 'HS256' })] }, 'secret'],
    ['a public key as secret', { issuers: [trusted({ secret: PEM }, { algorithms: 'HS256' })] }, 'secret'],
    ['two sources of keys', { issuers: [trusted({ ...keys, jwksUri: 'https://x.test' })] }, 'keys'],
    ['plain http', { issuers: [trusted({ jwksUri: 'http://keys.example.com' })] }, 'jwksUri'],
    ['plain http on loopback', { issuers: [trusted({ jwksUri: 'http://127.0.0.1/' })] }, 'jwksUri'],
    [
      'discovery at an issuer in plain http',
      { issuers: [trusted({ discovery: true }, { issuer: 'http://login.example.com' })] },
      'the issuer of JwtHandlerOptions.issuers[0].keys must be an https URL',
    ],
    ['credentials in the URL', { issuers: [trusted({ jwksUri: 'https://a:b@keys.example.com' })] }, 'jwksUri'],
    ['a RegExp as claim rule', { issuers: [trusted(keys, { claimRules: { sub: /^a/ as never } })] }, 'claimRules.sub'],
    ['any typ', { issuers: [trusted(keys, { acceptTyp: ['*'] })] }, 'acceptTyp'],
    ['a tolerance of two minutes', { issuers: [trusted(keys)], clockToleranceSeconds: 120 }, 'clockTolerance'],
    ['a misspelt option', { issuers: [{ ...trusted(keys), audiense: 'x' }] }, 'did you mean audience?'],
    ['PBES2', { issuers: [trusted(keys)], decryptionKeys: [decrypting('PBES2-HS256+A128KW')] }, 'algorithms'],
  ])('with %s are refused at start', (_, options, named) => {
    const create = () => new JwtHandler({ realm: 'test', ...(options as object) });
    expect(create).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_SALLYPORT_OPTION_/) }));
    expect(create).toThrow(expect.objectContaining({ message: expect.stringContaining(named) }));
  });

  test('that are refused do not quote secrets', () => {
    const secret = 'a-secret-that-is-too-short';
    const create = () => jwtWith(trusted({ secret }, { algorithms: 'HS512' }));
    expect(create).toThrow(expect.not.objectContaining({ message: expect.stringContaining(secret) }));
  });

  test('need a realm, which the challenge shows (RFC 6750 3)', () => {
    expect(() => new JwtHandler({ issuers: [trusted(keys)] } as never)).toThrow(/realm/);
    expect(jwtWith(withPem()).handler.challenges).toEqual([bearerChallenge('test')]);
  });

  function decrypting(algorithm: string) {
    return { key: SECRET.subarray(0, 16), algorithms: algorithm, contentEncryption: 'A128GCM' };
  }
});
