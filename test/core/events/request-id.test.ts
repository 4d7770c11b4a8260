import { describe, expect, test } from '@jest/globals';
import { anonymous, ConfigurationError, type RequestIdFunction, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';

async function idOf(requestId: string | RequestIdFunction | undefined, headers: Record<string, string> = {}) {
  const chain = new SecurityChain({ requirement: anonymous(), requestId });
  return (await ask(chain, '/', { headers })).event.requestId;
}

describe('the id of a request in events', () => {
  test('is that of the header that the option names, in any case', async () => {
    expect(await idOf('x-request-id', { 'X-Request-ID': 'abc-1' })).toBe('abc-1');
  });

  test('is what the function of the option finds', async () => {
    expect(await idOf(({ method }) => `${method}-1`)).toBe('GET-1');
  });

  test('is absent without the option, and where there is none', async () => {
    expect(await idOf(undefined, { 'X-Request-ID': 'abc-1' })).toBeUndefined();
    expect(await idOf('X-Request-ID')).toBeUndefined();
    expect(await idOf('X-Request-ID', { 'X-Request-ID': '' })).toBeUndefined();
  });

  test('forges no line of a log (CWE-117)', async () => {
    expect(await idOf(() => 'a\nb\u001b[31m\u2028c')).toBe('a?b?[31m?c');
  });

  test('is cut to 120 characters', async () => {
    expect(await idOf(() => 'x'.repeat(5_000))).toBe('x'.repeat(120));
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['finds a number', () => 7],
  ])('is absent where the function %s, and the request is granted', async (_case, find) => {
    const chain = new SecurityChain({ requirement: anonymous(), requestId: find as RequestIdFunction });
    const { status, event } = await ask(chain);
    expect([status, event.requestId]).toEqual([200, undefined]);
  });

  test.each(['Authorization', 'cookie', 'Proxy-Authorization', 'Sec-WebSocket-Protocol', 'X Request', '', 7, null])(
    'comes from no header that carries credentials, nor from what is none: %p',
    (requestId) => {
      const build = () => new SecurityChain({ requirement: anonymous(), requestId: requestId as string });
      expect(build).toThrow(ConfigurationError);
      expect(build).toThrow(/SecurityChainOptions.requestId must be/);
    },
  );
});
