import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  authenticated,
  createPrincipal,
  optional,
  type Requirement,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { type CredentialPlace, type CredentialSource, challenge, credentialPlace } from '@sallyport/core/extend';
import { ask, buildRequest } from '@sallyport/core/testing';

/** Takes what begins with its name, from any of its places. */
function taking(name: string, ...places: readonly (string | CredentialSource)[]): SecurityHandler<string> {
  const source = places.map((each) => (typeof each === 'string' ? { at: each, selective: true } : each));
  const read = source.map(({ at }) => credentialPlace(at) as CredentialPlace);
  return {
    name,
    challenges: [challenge('Key')],
    source,
    extract: (request) =>
      read.flatMap((place) => place.valuesIn(request)).find((text) => text === '*' || text.startsWith(name)),
    verify: (text) => authenticated(createPrincipal({ subject: text })),
  };
}

const whole = (at: string) => ({ at, selective: false });

type Sent = Readonly<Record<string, string | readonly string[]>>;

async function answered(requirement: Requirement, headers: Sent, line = 'GET /') {
  const decision = await new SecurityChain({ requirement }).decide(buildRequest(line, { headers }));
  if (decision.kind === 'denied') return `${decision.status} ${decision.reason}`;
  const via = decision.principal.via.map(({ handler }) => handler).join();
  return [via || decision.principal.kind, decision.attempted?.reason].filter(Boolean).join(' ');
}

const REFUSED = '401 credentials_unrecognised';
const DOUBLED = '400 duplicate_credentials';

describe('what stands at an explicit place and nobody takes is refused, never treated as missing (CWE-636)', () => {
  const places: readonly (readonly [at: string, headers: Sent, line: string])[] = [
    ['header:x-key', { 'X-Key': 'strange' }, 'GET /'],
    ['header:x-key', { 'X-Key': '' }, 'GET /'],
    ['header:x-key:bearer', { 'X-Key': 'Bearer strange' }, 'GET /'],
    ['query:key', {}, 'GET /?key=strange'],
    ['query:key', {}, 'GET /?key'],
    ['subprotocol:key', { 'Sec-WebSocket-Protocol': 'key, strange' }, 'GET /'],
    ['subprotocol:key.', { 'Sec-WebSocket-Protocol': 'key.strange' }, 'GET /'],
    ['authorization:key', { Authorization: 'Key strange' }, 'GET /'],
  ];

  test.each(places)('%s: %j %s', async (at, headers, line) => {
    for (const source of [at, whole(at), { at, fallback: true }]) {
      const handler = taking('a', source);
      expect(await answered(optional(handler), headers, line)).toBe(REFUSED);
      expect(await answered(handler, headers, line)).toBe(REFUSED);
      expect(await answered(anyOf(handler, anonymous()), headers, line)).toBe(REFUSED);
    }
  });

  test.each(places)(
    '%s: attempt goes on as anonymous and tells why; anonymous looks at nothing',
    async (at, headers, line) => {
      const handler = taking('a', at);
      expect(await answered(attempt(handler), headers, line)).toBe('anonymous credentials_unrecognised');
      expect(await answered(anonymous(), headers, line)).toBe('anonymous');
    },
  );

  test('beside another credential that is good', async () => {
    const either = anyOf(taking('a', 'header:x-key'), taking('b', 'authorization:bearer'));
    expect(await answered(either, { 'X-Key': 'strange', Authorization: 'Bearer b1' })).toBe(REFUSED);
    expect(await answered(either, { 'X-Key': 'a1', Authorization: 'Bearer b1' })).toBe('a');
    expect(await answered(either, { Authorization: 'Bearer b1' })).toBe('b');
  });

  test('at the one of two places from which the handler took nothing', async () => {
    const both = taking('a', 'header:x-key', 'query:key');
    expect(await answered(both, { 'X-Key': 'a1' }, 'GET /?key=strange')).toBe(REFUSED);
    expect(await answered(both, { 'X-Key': 'strange' }, 'GET /?key=a1')).toBe(REFUSED);
    expect(await answered(both, {}, 'GET /?key=a1')).toBe('a');
    const other = taking('b', whole('query:key'));
    expect(await answered(allOf(both, other), { 'X-Key': 'a1' }, 'GET /?key=b1')).toBe('a,b');
  });

  test('but cookies are sent without anybody’s will: a strange one is none', async () => {
    const handler = taking('a', 'cookie:key');
    expect(await answered(optional(handler), { Cookie: 'key=strange' })).toBe('anonymous');
    expect(await answered(handler, { Cookie: 'key=strange' })).toBe('401 credentials_missing');
  });

  test('and the operator reads the place and who looks there', async () => {
    const chain = new SecurityChain({ requirement: optional(taking('a', 'header:x-key')) });
    const { event } = await ask(chain, 'GET /', { headers: { 'X-Key': 'strange-secret' } });
    expect(event.detail).toBe('header:x-key holds nothing that is taken there (a)');
  });
});

describe('who takes some credentials of Authorization owns it only with a credential from there', () => {
  const key = taking('a', whole('header:x-key'), 'authorization:basic', 'authorization:bearer');

  test.each(['Basic strange', 'Bearer strange'])('%s beside its key in a header is refused', async (Authorization) => {
    expect(await answered(key, { 'X-Key': 'a1', Authorization })).toBe(REFUSED);
    expect(await answered(key, { Authorization })).toBe(REFUSED);
  });

  test('also where it takes only some of the header', async () => {
    const some = taking('a', 'header:x-key', 'authorization:basic');
    expect(await answered(some, { 'X-Key': 'a1', Authorization: 'Basic strange' })).toBe(REFUSED);
    expect(await answered(some, { 'X-Key': 'strange', Authorization: 'Basic a1' })).toBe(REFUSED);
  });

  test('and another handler may own it', async () => {
    const login = taking('b', whole('authorization:basic'));
    expect(await answered(allOf(key, login), { 'X-Key': 'a1', Authorization: 'Basic b1' })).toBe('a,b');
    expect(await answered(key, { Authorization: 'Basic a1' })).toBe('a');
  });
});

describe('of several selective places, a handler owns that from which it took its credential', () => {
  const some = taking('a', 'header:x-key', 'authorization:basic', 'query:key');
  /** Takes whatever stands there. */
  const all = (): SecurityHandler<string> => ({
    ...taking('all', whole('authorization:basic')),
    extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
  });

  test.each([
    ['X-Key', { 'X-Key': 'strange', Authorization: 'Basic a1' }, 'GET /'],
    ['the query', { Authorization: 'Basic a1' }, 'GET /?key=strange'],
    ['both', { 'X-Key': 'strange', Authorization: 'Basic a1' }, 'GET /?key=strange'],
  ])('and not another, also where others look at the first: strange in %s', async (_where, headers, line) => {
    for (const requirement of [some, anyOf(some, all()), anyOf(all(), some)])
      expect(await answered(requirement, headers, line)).toBe(REFUSED);
  });

  test('and others may own what it leaves there', async () => {
    const login = taking('b', whole('authorization:basic'));
    const both = allOf(some, login);
    expect(await answered(both, { 'X-Key': 'a1', Authorization: 'Basic b1' })).toBe('a,b');
    expect(await answered(both, { Authorization: 'Basic b1' }, 'GET /?key=a1')).toBe('a,b');
  });

  test('and nobody else gets it', async () => {
    expect(await answered(anyOf(all(), some), { Authorization: 'Basic a1' })).toBe('a');
    expect(await answered(allOf(all(), some), { Authorization: 'Basic a1' })).toBe('401 credentials_missing');
    expect(await answered(allOf(all(), some), { Authorization: 'Basic b1' }, 'GET /?key=a2')).toBe('all,a');
  });

  test('with credentials of its own at two of them, it is 400 (RFC 6750 2)', async () => {
    const headers = { 'X-Key': 'a1', Authorization: 'Basic a2' };
    for (const requirement of [some, anyOf(some, all()), anyOf(all(), some)])
      expect(await answered(requirement, headers)).toBe(DOUBLED);
    expect(await answered(some, { 'X-Key': 'a1' }, 'GET /?key=a2')).toBe(DOUBLED);
  });

  test('a cookie beside it does not count, and does not stand for what is strange there', async () => {
    const session = taking('a', 'header:x-key', 'cookie:key');
    expect(await answered(session, { 'X-Key': 'a1', Cookie: 'key=a2' })).toBe('a');
    expect(await answered(session, { 'X-Key': 'a1', Cookie: 'key=strange' })).toBe('a');
    expect(await answered(session, { 'X-Key': 'strange', Cookie: 'key=a1' })).toBe(REFUSED);
    expect(await answered(session, { Cookie: 'key=a1' })).toBe('a');
  });

  test('two handlers of the same places each get their own', async () => {
    const other = taking('b', 'header:x-key', 'authorization:basic', 'query:key');
    const both = allOf(some, other);
    expect(await answered(both, { 'X-Key': 'a1', Authorization: 'Basic b1' })).toBe('a,b');
    expect(await answered(both, { 'X-Key': 'b1', Authorization: 'Basic a1' })).toBe('a,b');
    expect(await answered(both, { 'X-Key': 'b1', Authorization: 'Basic a1' }, 'GET /?key=strange')).toBe(REFUSED);
  });

  test('one that throws for a part of the request has not taken it', async () => {
    const picky: SecurityHandler<string> = {
      ...taking('a', 'header:x-key', 'query:key'),
      extract(request) {
        if (request.query === '') throw new Error('no query');
        return 'a1';
      },
    };
    expect(await answered(picky, { 'X-Key': 'strange' }, 'GET /?key=a1')).toBe(REFUSED);
  });
});

describe('credentials of others at selective places are no second credential', () => {
  const young = taking('young', 'header:x-key', 'authorization:basic');
  const legacy = allOf(taking('old', whole('header:x-key')), taking('basic', whole('authorization:basic')));

  test('in any order of the alternatives', async () => {
    const headers = { 'X-Key': 'old1', Authorization: 'Basic basic1' };
    expect(await answered(anyOf(young, legacy), headers)).toBe('old,basic');
    expect(await answered(anyOf(legacy, young), headers)).toBe('old,basic');
  });

  test('but one place twice is 400 (RFC 6750 2)', async () => {
    const headers = { 'X-Key': ['young1', 'young2'] };
    expect(await answered(anyOf(young, legacy), headers)).toBe('400 duplicate_credentials');
    expect(await answered(young, { 'X-Key': ['young1', 'old1'] })).toBe('400 duplicate_credentials');
  });
});
