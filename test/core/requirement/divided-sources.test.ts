import { describe, expect, test } from '@jest/globals';
import { allOf, anyOf, authenticated, createPrincipal, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { type CredentialSource, challenge, type SecurityRequest } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';

/** Takes texts that begin with its name: in X-Key, and after a scheme of Authorization. */
class Prefixed implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges = [challenge('Key')];
  readonly source: readonly CredentialSource[];

  constructor(name: string, source: readonly CredentialSource[]) {
    this.name = name;
    this.source = source;
  }

  extract(request: SecurityRequest): string | undefined {
    const { authorization } = request;
    const lines = request.headerLines('x-key');
    const sent = authorization.kind === 'credentials' ? [...lines, authorization.value] : lines;
    return sent.find((text) => text.startsWith(this.name));
  }

  verify(text: string) {
    return authenticated(createPrincipal({ subject: text }));
  }
}

const HEADER = 'header:x-key';
const SCHEME = 'authorization:basic';
const some = (at: string) => ({ at, selective: true });

/** Takes all that follows the scheme Basic. */
const basic: SecurityHandler<string> = {
  name: 'basic',
  challenges: [challenge('Basic', { realm: 'test' })],
  extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
  verify: (text) => authenticated(createPrincipal({ subject: text })),
};

describe('a handler that takes all of one place and some of another', () => {
  const divided = (name: string) => new Prefixed(name, [HEADER, some(SCHEME)]);

  test('leaves the rest of the other to another handler, also where both credentials come together', async () => {
    const key = divided('a');
    const both = new SecurityChain({ requirement: allOf(key, basic) });
    const headers = { 'X-Key': 'a1', Authorization: 'Basic b1' };
    expect((await ask(both, '/', { headers })).status).toBe(200);
    const either = new SecurityChain({ requirement: anyOf(key, basic) });
    const subjectOf = async (authorization: string) =>
      (await ask(either, '/', { headers: { Authorization: authorization } })).principal?.via[0]?.handler;
    expect([await subjectOf('Basic a1'), await subjectOf('Basic b1')]).toEqual(['a', 'basic']);
  });

  test('may not share the place of which it takes all', () => {
    expect(() => new SecurityChain({ requirement: anyOf(divided('a'), divided('b')) })).toThrow(
      'a and b both take every credential of header:x-key',
    );
  });

  test('comes after one that is selective there, in any order of the chain', async () => {
    const selective = new Prefixed('a', [some(HEADER)]);
    const whole = divided('a');
    Object.assign(whole, { name: 'whole' });
    for (const requirement of [anyOf(whole, selective), anyOf(selective, whole)]) {
      const { principal } = await ask(new SecurityChain({ requirement }), '/', { headers: { 'X-Key': 'a1' } });
      expect(principal?.via[0]?.handler).toBe('a');
    }
  });

  test('refuses a credential twice at the place of which it takes all', async () => {
    const chain = new SecurityChain({ requirement: divided('a') });
    const { status, reason } = await ask(chain, '/', { headers: { 'X-Key': ['a1', 'b1'] } });
    expect([status, reason]).toEqual([400, 'duplicate_credentials']);
  });

  test('is no fallback at one place alone', () => {
    const half = new Prefixed('a', [HEADER, { at: SCHEME, fallback: true }]);
    expect(() => new SecurityChain({ requirement: half })).toThrow(
      'the source of a must be all fallback, or none of it',
    );
  });
});
