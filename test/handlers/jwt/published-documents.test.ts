import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isVerdict } from '@sallyport/core/extend';
import fc from 'fast-check';
import { StaticKeySet } from '../../../packages/handlers/src/jose/key-set.js';
import { openJws } from '../../../packages/handlers/src/jose/open-jws.js';
import { readKeySet } from '../../../packages/handlers/src/keys/key-document.js';
import { UnexpectedStatus } from '../../../packages/handlers/src/outbound/outbound-answer.js';
import { OutboundClient } from '../../../packages/handlers/src/outbound/outbound-client.js';
import { discoverMetadata, endpointOf } from '../../../packages/handlers/src/outbound/server-metadata.js';
import { cases } from '../../support/random-cases.js';
import { ISSUER, tokenBy } from './jwt-fixture.js';
import { base64url, newKey, type SigningKey } from './signing.js';

// Key sets and metadata as servers may write them, and as attackers may bend them. Together with the fuzz of claims and
// answers these are 20,000 cases by day.

type Members = Readonly<Record<string, unknown>>;

const ALGORITHMS = ['ES256', 'RS256', 'PS256'];
const EC = newKey('ES256', 'ec');
const RSA = newKey('RS256', 'rsa');
const STRANGER = newKey('ES256', 'ec');

/** Any JSON that says nothing about keys. */
const ANYTHING = fc.jsonValue({ maxDepth: 2 });
const ABSENT = fc.constantFrom('absent', null, '');
const UNKNOWN_MEMBERS = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,5}$/), ANYTHING, { maxKeys: 3 });

/** The members in another order. */
function shuffled(object: Members, seed: number): Members {
  const entries = Object.entries(object);
  const turn = seed % Math.max(entries.length, 1);
  const turned = [...entries.slice(turn), ...entries.slice(0, turn)];
  return Object.fromEntries(seed % 2 === 0 ? turned : turned.reverse());
}

/** An optional member that is there, left out, null or "". */
function optional(object: Members, name: string, as: unknown): Members {
  const { [name]: _, ...others } = object;
  return as === 'absent' ? others : { ...object, [name]: as };
}

function respelt(value: unknown, spelling: number): unknown {
  const bytes = Buffer.from(String(value), 'base64url');
  if (spelling === 0) return value;
  if (spelling === 1) return bytes.toString('base64');
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Another way to write the same key (RFC 7517 4, DESIGN rule 16). */
function legal({ jwk }: SigningKey): fc.Arbitrary<Members> {
  return fc
    .record({
      alg: fc.option(ABSENT, { nil: jwk.alg }),
      use: fc.option(ABSENT, { nil: jwk.use }),
      key_ops: fc.constantFrom('absent', null, '', ['verify'], ['sign', 'verify']),
      x5t: fc.constantFrom('absent', null, '', 'AAAA', 7),
      x5c: fc.constantFrom('absent', null, '', []),
      spelling: fc.nat(2),
      more: UNKNOWN_MEMBERS,
      seed: fc.nat(20),
    })
    .map(({ spelling, more, seed, ...members }) => {
      const spelt = Object.entries(jwk).map(([name, value]) => {
        return [name, ['n', 'e', 'x', 'y'].includes(name) ? respelt(value, spelling) : value];
      });
      const written = Object.entries(members).reduce<Members>(
        (key, [name, as]) => optional(key, name, as),
        Object.fromEntries(spelt) as Members,
      );
      return shuffled({ ...more, ...written }, seed);
    });
}

/** Members of a set that are no usable keys, and whose identifier no token names. */
const USELESS = fc.oneof(
  ANYTHING.filter((value) => typeof value !== 'object' || value === null || Array.isArray(value)),
  UNKNOWN_MEMBERS,
  fc.constantFrom<unknown>(
    { kty: 'oct', k: 'c2VjcmV0', kid: 'ec' },
    { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA', kid: 'akp' },
    { ...newKey('RS256', 'rsa').jwk, use: 'enc' },
    { ...newKey('ES256', 'ec').jwk, key_ops: ['sign'] },
    { ...newKey('ES256', 'ec').jwk, x: 'AAAA' },
  ),
);

interface WrittenSet {
  readonly own: readonly Members[];
  readonly others: readonly unknown[];
  readonly more: Members;
  readonly isTwice: boolean;
  readonly isLast: boolean;
}

const SETS: fc.Arbitrary<WrittenSet> = fc.record({
  own: fc.tuple(legal(EC), legal(RSA)),
  others: fc.array(USELESS, { maxLength: 4 }),
  more: UNKNOWN_MEMBERS,
  isTwice: fc.boolean(),
  isLast: fc.boolean(),
});

function documentOf({ own, others, more, isTwice, isLast }: WrittenSet): Members {
  const mine = isTwice ? [...own, ...own] : own;
  return { ...more, keys: isLast ? [...others, ...mine] : [...mine, ...others] };
}

async function opens(document: unknown, token: string): Promise<boolean> {
  const table = readKeySet(document, { issuer: ISSUER, algorithms: ALGORITHMS });
  if (table === undefined) return false;
  const headerRules = { algorithms: new Set(ALGORITHMS), acceptTyp: new Set<string>(), allowMissingTyp: false };
  return !isVerdict(await openJws(token, { headerRules, keys: new StaticKeySet(table), onKeyOffer: () => {} }));
}

const GOOD = [EC, RSA].flatMap((key) => [tokenBy(key), tokenBy(key, {}, { kid: undefined })]);

/** Tokens that no key of the sets has signed, whatever they say. */
const FORGED = [
  tokenBy(STRANGER),
  tokenBy(STRANGER, {}, { kid: undefined }),
  tokenBy(STRANGER, {}, { jwk: STRANGER.jwk, kid: undefined }),
  tokenBy(EC, {}, { kid: 'another' }),
  tokenBy(RSA, {}, { alg: 'PS256' }),
  `${tokenBy(EC).slice(0, -4)}AAAA`,
  hmacWith(RSA.publicKey.export({ type: 'spki', format: 'pem' }) as string),
  hmacWith(JSON.stringify(EC.jwk)),
  `${base64url('{"alg":"none","typ":"at+jwt","kid":"ec"}')}.e30.AAAA`,
];

function hmacWith(secret: string): string {
  const input = `${base64url('{"alg":"HS256","typ":"at+jwt","kid":"ec"}')}.${base64url('{"sub":"evil"}')}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** One member of a key bent at random: never the key of the stranger. */
const BENT = fc.record({
  name: fc.constantFrom('kty', 'crv', 'alg', 'use', 'key_ops', 'kid', 'n', 'e', 'x', 'y', 'x5t', 'k', 'd'),
  value: fc.oneof(
    ANYTHING,
    fc.constantFrom('HS256', 'none', 'oct', 'enc', 'sig', 'RSA', 'EC', 'ec', 'rsa', 'AQAB', 'Aw'),
  ),
});

describe('key sets', () => {
  test('may be written in any legal way, and the tokens of their keys are good (RFC 7517 4, 5)', async () => {
    await fc.assert(
      fc.asyncProperty(SETS, fc.constantFrom(...GOOD), async (set, token) => {
        expect(await opens(JSON.parse(JSON.stringify(documentOf(set))), token)).toBe(true);
      }),
      cases(1_000, 20_000),
    );
  });

  test('may be written or bent in any way, and no token that their keys have not signed is good (RFC 7515 5.2)', async () => {
    await fc.assert(
      fc.asyncProperty(SETS, fc.option(BENT), fc.constantFrom(...FORGED), async (set, bent, token) => {
        const { own, ...others } = set;
        const bentKeys = bent === null ? own : own.map((key) => ({ ...key, [bent.name]: bent.value }));
        expect(await opens(documentOf({ ...others, own: bentKeys }), token)).toBe(false);
      }),
      cases(1_000, 20_000),
    );
  });

  const unfit: readonly Members[] = [
    { use: 'enc' },
    { key_ops: ['sign'] },
    { key_ops: ['verify', 'verify'] },
    { alg: 'RS512' },
    { kid: 'another' },
    { kid: 7 },
    { kty: 'oct' },
  ];

  test('never make a key good that says it is not for this, however the rest is written (RFC 7517 4)', async () => {
    const bent = fc.tuple(legal(EC), fc.constantFrom(...unfit)).map(([key, members]) => ({ ...key, ...members }));
    await fc.assert(
      fc.asyncProperty(bent, legal(RSA), fc.array(USELESS, { maxLength: 3 }), async (key, sound, others) => {
        expect(await opens({ keys: [key, ...others, sound] }, tokenBy(EC))).toBe(false);
      }),
      cases(500, 10_000),
    );
  });

  test('may be any JSON at all: nothing breaks, and nothing is good', async () => {
    const document = fc.oneof(ANYTHING, fc.record({ keys: ANYTHING }), fc.dictionary(fc.string(), ANYTHING));
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom(...GOOD), async (set, token) => {
        expect(await opens(set, token)).toBe(false);
      }),
      cases(500, 10_000),
    );
  });
});

describe('metadata', () => {
  const JWKS_URI = `${ISSUER}/jwks`;

  const client = new OutboundClient({});

  /** Answers at the first and second place: a status, or a document. */
  function clientOf(...answers: readonly (number | string)[]): OutboundClient {
    const left = [...answers];
    const send = async () => {
      const answer = left.shift() ?? 404;
      if (typeof answer === 'string') return { headers: {}, body: Buffer.from(answer) };
      throw new UnexpectedStatus(answer, { url: new URL(ISSUER), retryAfterSeconds: undefined });
    };
    return Object.assign(client, { send });
  }

  const found = async (...answers: readonly (number | string)[]) => {
    const asked = clientOf(...answers);
    const url = await discoverMetadata({ issuer: ISSUER }, asked, (metadata) =>
      endpointOf(metadata, 'jwks_uri', asked),
    );
    return url.href;
  };

  const OPTIONAL = ['token_endpoint', 'introspection_endpoint', 'scopes_supported', 'response_types_supported'];
  const written = fc
    .record({
      optional: fc.dictionary(fc.constantFrom(...OPTIONAL), fc.oneof(ANYTHING, ABSENT)),
      more: UNKNOWN_MEMBERS,
      seed: fc.nat(20),
      space: fc.constantFrom(0, 2, '\t'),
    })
    .map(({ optional: members, more, seed, space }) => ({
      write: (own: Members) => JSON.stringify(shuffled({ ...more, ...members, ...own }, seed), null, space),
    }));
  const elsewhere = fc.oneof(
    fc.constantFrom(302, 400, 401, 403, 404, 405, 410, 429, 500, 503),
    ANYTHING.map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '',
      '<html>',
      '{"issuer":',
      JSON.stringify({ issuer: ISSUER }),
      JSON.stringify({ issuer: `${ISSUER}/` }),
    ),
  );

  test('may be written in any legal way, behind any other answer (RFC 8414 3.2)', async () => {
    await fc.assert(
      fc.asyncProperty(written, fc.option(elsewhere), async ({ write }, first) => {
        const good = write({ issuer: ISSUER, jwks_uri: JWKS_URI });
        expect(await found(...(first === null ? [] : [first]), good)).toBe(JWKS_URI);
      }),
      cases(700, 14_000),
    );
  });

  const nameOf = ({ name }: Error) => name;
  const wrong = fc.constantFrom<Members>(
    ...[`${ISSUER}/`, ISSUER.toUpperCase(), ` ${ISSUER}`, `${ISSUER}#`, ISSUER.slice(0, -1), '', null, [ISSUER], 7].map(
      (issuer) => ({ issuer, jwks_uri: JWKS_URI }),
    ),
    { jwks_uri: JWKS_URI },
    ...[
      'http://as.example.com/jwks',
      'file:///jwks',
      '/jwks',
      '',
      null,
      7,
      [JWKS_URI],
      'https://a:b@as.example.com',
    ].map((uri) => ({ issuer: ISSUER, jwks_uri: uri })),
  );

  test('of another issuer, or with an unfit address, never count, however they are written (RFC 8414 3.3)', async () => {
    await fc.assert(
      fc.asyncProperty(written, wrong, elsewhere, async ({ write }, own, other) => {
        const bad = write(own);
        const answers = [await found(bad, other).catch(nameOf), await found(other, bad).catch(nameOf)];
        expect(answers).toEqual(['UpstreamError', 'UpstreamError']);
      }),
      cases(700, 14_000),
    );
  });
});
