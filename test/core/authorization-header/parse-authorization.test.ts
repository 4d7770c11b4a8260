import { beforeAll, describe, expect, test } from '@jest/globals';
import { anyOf, authenticated, createPrincipal, denied, SecurityChain } from '@sallyport/core';
import { bearerChallenge, parseAuthorization, SecurityRequest } from '@sallyport/core/extend';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { TokenSource, tokenOptions } from '../../../packages/handlers/src/token/token-source.js';
import vectors from '../../vectors/authorization/headers.json' with { type: 'json' };

const tokens = new TokenSource({ ...tokenOptions({}), name: 'bearer', realm: 'test' });

interface Row {
  readonly rule: string;
  readonly ref: string;
  readonly lines: readonly string[];
  /** Of a chain that takes the bearer token `good` and the user aladdin; 200 stands for a grant. */
  readonly status: number;
  readonly scheme?: string;
  readonly value?: string;
  readonly reason?: string;
}

const rows: readonly Row[] = vectors;
const CHEAP = { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 } as const;

function rawHeaders(lines: readonly string[], name = 'Authorization'): string[] {
  return ['Host', 'api.example', ...lines.flatMap((line) => [name, line]), 'Accept', '*/*'];
}

let chain: SecurityChain;

beforeAll(async () => {
  const accounts = [{ name: 'aladdin', hash: await hashPassword('opensesame', CHEAP) }];
  const alice = authenticated(createPrincipal({ subject: 'alice' }));
  chain = new SecurityChain({
    requirement: anyOf(
      {
        name: 'bearer',
        challenges: [bearerChallenge('test')],
        extract(request) {
          const text = tokens.textIn(request);
          return typeof text === 'string' ? (tokens.flawOf(text, request) ?? text) : text;
        },
        verify: (token: unknown) => (token === 'good' ? alice : denied('token_unknown')),
      },
      new BasicHandler({ realm: 'test', users: new InMemoryUserStore(accounts), hashing: CHEAP, failures: {} }),
    ),
  });
});

describe('the Authorization header is read in one way only', () => {
  test.each(rows)('$rule ($ref)', ({ lines, scheme, value, reason }) => {
    const authorization = parseAuthorization(rawHeaders(lines));
    if (reason !== undefined) expect(authorization).toEqual({ kind: 'invalid', reason });
    else if (scheme === undefined) expect(authorization).toEqual({ kind: 'absent' });
    else {
      if (authorization.kind !== 'credentials') throw new Error(authorization.kind);
      expect([authorization.scheme, authorization.value]).toEqual([scheme, value]);
    }
  });

  test.each(['authorization', 'AUTHORIZATION', 'aUthoriZation'])(
    'the name of the line may be %s (RFC 9110 5.1)',
    (name) => {
      expect(parseAuthorization(rawHeaders(['Bearer good'], name)).kind).toBe('credentials');
    },
  );

  test('lines of other spelling are the same header (RFC 9110 5.1)', () => {
    const lines = ['Authorization', 'Bearer good', 'authorization', 'Bearer good'];
    expect(parseAuthorization(lines)).toEqual({ kind: 'invalid', reason: 'duplicate_authorization' });
  });

  test.each(['Proxy-Authorization', 'X-Authorization', 'Authorization ', 'Authorizatiom', '__proto__'])(
    'a line called %s is another header (RFC 9110 11.7.2)',
    (name) => {
      expect(parseAuthorization(rawHeaders(['Bearer good'], name))).toEqual({ kind: 'absent' });
    },
  );

  test('a value that looks like the name is none', () => {
    expect(parseAuthorization(['X', 'Authorization', 'Authorization', 'Bearer good']).kind).toBe('credentials');
    expect(parseAuthorization(['X', 'authorization'])).toEqual({ kind: 'absent' });
  });
});

describe('a chain of a bearer handler and Basic answers', () => {
  test.each(rows)('$status to $rule ($ref)', async ({ lines, status }) => {
    const request = new SecurityRequest({ method: 'GET', target: '/', rawHeaders: rawHeaders(lines) });
    const decision = await chain.decide(request);
    expect(decision.kind === 'granted' ? 200 : decision.status).toBe(status);
  });

  test.each([
    [8_192, 401],
    [8_193, 400],
  ])('a bearer token of %i characters: %i', async (length, status) => {
    const rawHeaders = ['Authorization', `Bearer ${'a'.repeat(length)}`];
    expect(await chain.decide(new SecurityRequest({ method: 'GET', target: '/', rawHeaders }))).toMatchObject({
      status,
    });
  });
});
