import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import claimRows from '../../vectors/jwt/claims.json' with { type: 'json' };
import headerRows from '../../vectors/jwt/headers.json' with { type: 'json' };
import { CLAIMS, trusted } from './jwt-fixture.js';
import { base64url, newKey, type SigningKey } from './signing.js';
import { alteredSignature, publicKeyAsSecret, signedAs } from './vector-signature.js';

/** One token, how it was made, and what becomes of it. Everything that is not said is as in a good token. */
interface Row {
  readonly title: string;
  /** What demands it: an RFC and its section, or an advisory. */
  readonly ref: string;
  readonly status: number;
  readonly reason?: string;
  /** The key that the header names. */
  readonly key?: string;
  /** The key that signs instead of it. */
  readonly anotherKey?: string;
  readonly signAs?: string;
  /** Signs with a public key in some encoding as if it were a secret: `key:encoding`; or with `empty`. */
  readonly secret?: string;
  readonly header?: object;
  readonly headerText?: string;
  readonly headerHex?: string;
  readonly claims?: object;
  /** Claims as JSON texts, for numbers that JavaScript cannot write. */
  readonly raw?: Readonly<Record<string, string>>;
  readonly claimsText?: string;
  readonly claimsHex?: string;
  /** Members of header and claims that are left out. */
  readonly without?: readonly string[];
  readonly signature?: string;
  /** The token, if it is not `{header}.{claims}.{signature}`. */
  readonly token?: string;
  readonly issuer?: object;
  readonly needs?: readonly string[];
}

const KEYS = new Map(
  [
    newKey('ES256'),
    newKey('ES384'),
    newKey('RS256'),
    newKey('PS256'),
    newKey('EdDSA'),
    newKey('ES256', 'attacker'),
  ].map((key) => [key.kid, key]),
);

function keyNamed(kid: string): SigningKey {
  const key = KEYS.get(kid);
  if (key === undefined) throw new Error(`no key is called ${kid}`);
  return key;
}

const ATTACKER = keyNamed('attacker');
const PUBLISHED = [...KEYS.values()].filter((key) => key !== ATTACKER).map(({ jwk }) => jwk);
const SETS: Readonly<Record<string, readonly object[]>> = {
  'two-rs256': [keyNamed('ps256'), keyNamed('rs256')].map(({ jwk }) => ({ ...jwk, alg: 'RS256' })),
  'five-rs256': Array.from({ length: 5 }, (_, index) => ({ ...keyNamed('rs256').jwk, kid: `key-${index}` })),
};

function issuerOf({ issuer = {} }: Row): TrustedIssuer {
  const { keys, ...changes } = issuer as { keys?: string };
  const set = keys === undefined ? PUBLISHED : (SETS[keys] ?? []);
  return trusted({ jwks: { keys: set } }, { algorithms: ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'], ...changes });
}

function headerOf(row: Row, { algorithm, kid }: SigningKey): Buffer {
  if (row.headerHex !== undefined) return Buffer.from(row.headerHex, 'hex');
  const members = without({ alg: algorithm, typ: 'at+jwt', kid, ...row.header }, row.without);
  const spki = ATTACKER.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const text = JSON.stringify(members)
    .replace('"$ATTACKER_JWK"', JSON.stringify(ATTACKER.jwk))
    .replace('$ATTACKER_SPKI', spki);
  return Buffer.from(row.headerText ?? text);
}

function claimsOf(row: Row): Buffer {
  if (row.claimsHex !== undefined) return Buffer.from(row.claimsHex, 'hex');
  const raw = row.raw ?? {};
  const members = without({ ...CLAIMS, ...row.claims }, [...(row.without ?? []), ...Object.keys(raw)]);
  const texts = Object.entries(raw).map(([name, value]) => `,${JSON.stringify(name)}:${value}`);
  return Buffer.from(row.claimsText ?? `${JSON.stringify(members).slice(0, -1)}${texts.join('')}}`);
}

function without(members: object, names: readonly string[] = []): object {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}

function signatureBy(row: Row, key: SigningKey, input: string): Buffer {
  if (row.secret === undefined) {
    const signer = row.anotherKey === undefined ? key : keyNamed(row.anotherKey);
    return signedAs(input, row.signAs ?? signer.algorithm, signer.privateKey);
  }
  const [kid = '', encoding = ''] = row.secret.split(':');
  const secret = kid === 'empty' ? createSecretKey(Buffer.alloc(0)) : publicKeyAsSecret(encoding, keyNamed(kid));
  const { alg } = (row.header ?? {}) as { alg?: string };
  return signedAs(input, row.signAs ?? alg ?? 'HS256', secret);
}

function tokenOf(row: Row): string {
  const key = keyNamed(row.key ?? 'es256');
  const [header, claims] = [base64url(headerOf(row, key)), base64url(claimsOf(row))];
  const good = signatureBy(row, key, `${header}.${claims}`);
  const signature = row.signature === undefined ? base64url(good) : alteredSignature(row.signature, good);
  return (row.token ?? '{header}.{claims}.{signature}')
    .replace('{header}', header)
    .replace('{header+1}', header.slice(0, -1) + String.fromCharCode(header.charCodeAt(header.length - 1) + 1))
    .replace('{claims}', claims)
    .replaceAll('{signature}', signature);
}

describe.each<[string, readonly Row[]]>([
  ['headers', headerRows],
  ['claims', claimRows],
])('%s', (_, rows) => {
  test.each(rows.map((row) => [`${row.title} (${row.ref})`, row] as const))('%s', async (_title, row) => {
    const clock = new ManualClock();
    const handler = new JwtHandler({ realm: 'test', issuers: [issuerOf(row)] }, { clock });
    const guards = row.needs === undefined ? [] : [requireScopes(row.needs)];
    const chain = new SecurityChain({ requirement: handler, guards }, { clock });
    const token = tokenOf(row);
    const { status, reason, challenges } = await ask(chain, 'GET /', { bearer: token });
    expect({ status, reason }).toEqual({ status: row.status, reason: row.reason });
    expect(challenges.length > 0).toBe(status !== 200);
    // The second time it is remembered, and nothing else comes of it.
    expect(await ask(chain, 'GET /', { bearer: token })).toMatchObject({ status, challenges });
  });
});

test('every row says what demands it', () => {
  for (const { title, ref } of [...headerRows, ...claimRows]) {
    expect([title, ref]).toEqual([title, expect.stringMatching(/RFC \d+|CVE-\d|GHSA-|CWE-\d|OpenID/)]);
  }
});
