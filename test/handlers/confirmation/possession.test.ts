import { hash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SecurityChain, type SecurityHandler } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import type { IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import type { JwtHandlerOptions } from '@sallyport/handlers/jwt';
import { generate } from 'selfsigned';
import { IntrospectionUnderTest } from '../introspection/introspection-fixture.js';
import { IntrospectionServer } from '../introspection/introspection-server.js';
import { JwtUnderTest, tokenBy, trusted } from '../jwt/jwt-fixture.js';
import { newKey } from '../jwt/signing.js';

type Confirmation = (JwtHandlerOptions & IntrospectionHandlerOptions)['confirmation'];

/** A handler that takes tokens of one kind. */
interface Setting {
  readonly chain: SecurityChain;
  readonly handler: SecurityHandler;
  /** A token with this `cnf`. */
  readonly token: (cnf: unknown) => string;
}

let server: IntrospectionServer;
let right: X509Certificate;
let wrong: X509Certificate;

/** What the introspection server says of a token: the token itself is its `cnf`. */
const answerOf = (form: URLSearchParams) => {
  const cnf: unknown = JSON.parse(Buffer.from(form.get('token') ?? '', 'base64url').toString());
  return { body: { active: true, sub: 'alice', cnf } };
};

beforeAll(async () => {
  [right, wrong] = await Promise.all([certificate('right'), certificate('wrong')]);
  server = await IntrospectionServer.start(({ form }) => answerOf(form));
});

afterAll(() => server.close());

async function certificate(name: string): Promise<X509Certificate> {
  const { cert } = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
  return new X509Certificate(cert);
}

const thumbprint = (shown: X509Certificate) => hash('sha256', shown.raw, 'base64url');

const EC = newKey('ES256', 'key-1');

const SETTINGS: Readonly<Record<string, (confirmation?: Confirmation) => Setting>> = {
  JWT: (confirmation) => {
    const { chain, handler } = new JwtUnderTest(trusted({ publicKey: EC.publicKey, kid: EC.kid }), { confirmation });
    return { chain, handler, token: (cnf) => tokenBy(EC, { cnf }) };
  },
  'introspected token': (confirmation) => {
    const { chain, handler } = new IntrospectionUnderTest({ endpoint: server.endpoint, confirmation });
    return { chain, handler, token: (cnf) => Buffer.from(JSON.stringify(cnf ?? null)).toString('base64url') };
  },
};

describe.each(Object.entries(SETTINGS))('a bound %s', (_kind, setting) => {
  async function outcomes(cnf: unknown, shown: readonly (X509Certificate | undefined)[], confirmation?: Confirmation) {
    const { chain, token } = setting(confirmation);
    const sent = token(cnf);
    const seen: string[] = [];
    for (const each of shown) {
      const { status, reason } = await ask(chain, '/', { bearer: sent, certificate: each });
      seen.push(reason === undefined ? `${status}` : `${status} ${reason}`);
    }
    await chain.close();
    return seen;
  }

  const UNPROVED = '401 confirmation_unproved';
  const MISSING = '401 confirmation_missing';

  test('is good with its certificate only, also when it is remembered [RFC 8705 3]', async () => {
    const shown = [undefined, right, wrong, undefined, right];
    expect(await outcomes({ 'x5t#S256': thumbprint(right) }, shown)).toEqual([
      ...[UNPROVED, '200', UNPROVED],
      ...[UNPROVED, '200'],
    ]);
  });

  test('tells the application what it is bound to', async () => {
    const { chain, token } = setting();
    const cnf = { 'x5t#S256': thumbprint(right) };
    expect((await ask(chain, '/', { bearer: token(cnf), certificate: right })).principal?.confirmation).toEqual(cnf);
    await chain.close();
  });

  test('tells the operator which certificate is missing', async () => {
    const { chain, token } = setting();
    const sent = { bearer: token({ 'x5t#S256': thumbprint(right) }) };
    const details = [await ask(chain, '/', sent), await ask(chain, '/', { ...sent, certificate: wrong })].map(
      ({ event }) => event?.detail,
    );
    expect(details).toEqual([
      expect.stringContaining('the connection has no client certificate'),
      expect.stringContaining('the connection has another client certificate'),
    ]);
    await chain.close();
  });

  test('by several members needs all of their proofs [RFC 7800 3.1]', async () => {
    const both = { 'x5t#S256': thumbprint(right), jkt: 'A'.repeat(43) };
    expect(await outcomes(both, [right, undefined])).toEqual([UNPROVED, UNPROVED]);
    expect(await outcomes({ jkt: 'A'.repeat(43), 'x5t#S256': thumbprint(right) }, [right])).toEqual([UNPROVED]);
  });

  test('by a DPoP key is no bearer token [RFC 9449 7.2]', async () => {
    expect(await outcomes({ jkt: 'A'.repeat(43) }, [right, undefined])).toEqual([UNPROVED, UNPROVED]);
  });

  test.each<[string, unknown, string]>([
    ['an unknown method', { x9: 'a' }, 'confirmation_method_unknown'],
    ['a known and an unknown method', { 'x5t#S256': 'RIGHT', x9: 'a' }, 'confirmation_method_unknown'],
    ['a key in the token', { jwk: { kty: 'EC' } }, 'confirmation_method_unknown'],
    ['a thumbprint in another spelling', { 'X5T#S256': 'RIGHT' }, 'confirmation_method_unknown'],
    ['no method', {}, 'confirmation_malformed'],
    ['a method that is null alone', { 'x5t#S256': null }, 'confirmation_malformed'],
    ['a thumbprint that is a number', { 'x5t#S256': 7 }, 'confirmation_malformed'],
    ['a thumbprint that is a list', { 'x5t#S256': ['RIGHT'] }, 'confirmation_malformed'],
    ['a thumbprint that is cut', { 'x5t#S256': 'A'.repeat(42) }, 'confirmation_malformed'],
    ['a padded thumbprint', { 'x5t#S256': `${'A'.repeat(43)}=` }, 'confirmation_malformed'],
    ['a malformed thumbprint beside a good one', { 'x5t#S256': 'RIGHT', jkt: 'x' }, 'confirmation_malformed'],
    ['a text', 'RIGHT', 'confirmation_malformed'],
    ['a list', ['RIGHT'], 'confirmation_malformed'],
    ['false', false, 'confirmation_malformed'],
    ['0', 0, 'confirmation_malformed'],
  ])('by %s is refused, whatever certificate there is [RFC 7800 3.1]', async (_what, cnf, reason) => {
    const bound: unknown = JSON.parse(JSON.stringify(cnf).replaceAll('RIGHT', thumbprint(right)));
    expect(await outcomes(bound, [right, undefined])).toEqual([`401 ${reason}`, `401 ${reason}`]);
  });

  test.each([undefined, null, ''])('is none where cnf is %p', async (cnf) => {
    expect(await outcomes(cnf, [undefined, right])).toEqual(['200', '200']);
  });

  test('is none for a member of cnf that is null', async () => {
    const cnf = { 'x5t#S256': thumbprint(right), jkt: null };
    expect(await outcomes(cnf, [right, undefined])).toEqual(['200', UNPROVED]);
  });

  test('can be required: by any method, or by those that are named', async () => {
    const cnf = { 'x5t#S256': thumbprint(right) };
    for (const required of [true, 'x5t#S256', ['x5t#S256']] as const) {
      expect(await outcomes(undefined, [right], { required })).toEqual([MISSING]);
      expect(await outcomes(cnf, [right, undefined, right], { required })).toEqual(['200', UNPROVED, '200']);
    }
    expect(await outcomes({ jkt: 'A'.repeat(43) }, [right], { required: 'x5t#S256' })).toEqual([MISSING]);
    expect(await outcomes(undefined, [right], { required: false })).toEqual(['200']);
  });

  test.each([0, 'jwk', [], ['x5t#S256', 'jwk'], null])('cannot be required by %p', (required) => {
    expect(() => setting({ required: required as never })).toThrow(
      expect.objectContaining({ code: 'ERR_SALLYPORT_OPTION_INVALID' }),
    );
  });
});
