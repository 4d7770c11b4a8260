import { describe, expect, test } from '@jest/globals';
import { denied, headerHandler, SecurityChain } from '@sallyport/core';
import {
  type Answer,
  ask,
  assertThat,
  buildRequest,
  type ExpectedRefusal,
  securityMatchers,
} from '@sallyport/core/testing';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    toBeGrantedTo(subject: T extends Answer ? string : never): R;
    toBeRefusedWith(status: T extends Answer ? number : never, expected?: ExpectedRefusal): R;
  }
}

expect.extend(securityMatchers);

const KEYS = new Map([['key-of-alice', { subject: 'alice' }]]);
const key = headerHandler({
  name: 'key',
  header: 'X-Key',
  verify: (value) => KEYS.get(value) ?? denied('key_unknown'),
});
const chain = new SecurityChain({ requirement: key });
const answerTo = (value: string) => ask(chain, '/', { headers: { 'X-Key': value } });

describe('matchers with expect.extend', () => {
  test('tell who was let in', async () => {
    const answer = await answerTo('key-of-alice');
    expect(answer).toBeGrantedTo('alice');
    expect(answer).not.toBeGrantedTo('bob');
    expect(answer).not.toBeRefusedWith(401);
  });

  test('tell why somebody was not', async () => {
    expect(await answerTo('wrong')).toBeRefusedWith(401, { reason: 'key_unknown', challenge: 'ApiKey' });
    expect(await answerTo('wrong')).not.toBeRefusedWith(401, { reason: 'another_reason' });
    expect(await answerTo('wrong')).not.toBeRefusedWith(401, { challenge: 'Bearer' });
    expect(await answerTo('wrong')).not.toBeRefusedWith(403);
    expect(await answerTo('wrong')).not.toBeGrantedTo('alice');
  });
});

describe('the same without a test runner', () => {
  test('passes silently', async () => {
    assertThat(await answerTo('key-of-alice')).toBeGrantedTo('alice');
    assertThat(await answerTo('wrong')).toBeRefusedWith(401);
  });

  test('fails with what happened at which handler, and without the credential', async () => {
    const answer = await answerTo('wrong-and-secret');
    expect(() => assertThat(answer).toBeGrantedTo('alice')).toThrow(
      'expected the request to be granted to "alice"; it was refused with 401, reason key_unknown; ' +
        'ApiKey header="X-Key"; key: denied (key_unknown)',
    );
  });

  test('names the handler that has a bug, and where', async () => {
    const buggy = new SecurityChain({ requirement: headerHandler({ name: 'buggy', header: 'X-Key', verify: broken }) });
    const answer = await ask(buggy, '/', { headers: { 'X-Key': 'anything' } });
    expect(() => assertThat(answer).toBeRefusedWith(401)).toThrow(
      /refused with 500.*bug in buggy: RangeError at .*broken/,
    );
  });
});

function broken(): never {
  throw new RangeError('out of range');
}

describe('a matcher that is used wrongly throws, also behind .not, where one that fails would pass', () => {
  test.each<[string, () => unknown, string]>([
    ['an answer that was not awaited', () => answerTo('wrong'), 'await ask(...) first'],
    ['nothing', () => undefined, 'is no answer of ask()'],
    ['a decision', () => chain.decide(buildRequest()), 'is no answer of ask()'],
  ])('%s', (_what, make, message) => {
    const answer = make() as Answer;
    expect(() => expect(answer).not.toBeGrantedTo('alice')).toThrow(message);
    expect(() => expect(answer).not.toBeRefusedWith(401)).toThrow(message);
    expect(() => assertThat(answer).toBeRefusedWith(401)).toThrow(message);
  });

  test('expectations that are none', async () => {
    const answer = await answerTo('wrong');
    const { toBeGrantedTo, toBeRefusedWith } = securityMatchers;
    expect(() => toBeGrantedTo(answer, undefined as never)).toThrow('the subject of toBeGrantedTo() must be');
    expect(() => toBeRefusedWith(answer, '401' as never)).toThrow('needs the status');
    expect(() => toBeRefusedWith(answer, 401, { raeson: 'key_unknown' } as never)).toThrow('did you mean reason?');
  });
});
