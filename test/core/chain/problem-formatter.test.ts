import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type Problem, type ProblemFormatter, problemJson, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { bearer } from './scripted-handlers.js';

async function answer(format: ProblemFormatter) {
  const { status, headers, body } = await ask(new SecurityChain({ requirement: bearer(), format }));
  return { status, contentType: headers.find(([name]) => name === 'Content-Type')?.[1], body };
}

describe('the formatter of denials', () => {
  test('gets the whole problem and decides on media type and body', async () => {
    const seen: Problem[] = [];
    const format: ProblemFormatter = (problem) => {
      seen.push(problem);
      return { contentType: 'text/plain; charset=utf-8', body: 'Non.' };
    };
    expect(await answer(format)).toEqual({ status: 401, contentType: 'text/plain; charset=utf-8', body: 'Non.' });
    expect(seen).toEqual([
      {
        status: 401,
        title: 'Unauthorized',
        detail: 'This resource needs credentials.',
        code: 'unauthenticated',
        scopes: undefined,
        correlationId: undefined,
      },
    ]);
  });

  test.each<[string, Readonly<Record<string, string | readonly string[]>>, string | undefined]>([
    ['none', {}, undefined],
    ['one line', { Accept: 'text/html, */*;q=0.1' }, 'text/html, */*;q=0.1'],
    ['several lines', { accept: ['text/html', 'application/json'] }, 'text/html, application/json'],
    ['an empty one', { Accept: '' }, ''],
  ])('gets the Accept header as it was sent (RFC 9110 12.5.1): %s', async (_what, headers, expected) => {
    const seen: unknown[] = [];
    const format: ProblemFormatter = (problem, context) => {
      seen.push(context);
      return problemJson(problem);
    };
    const chain = new SecurityChain({ requirement: bearer(), format });
    const { body } = await ask(chain, 'GET /', { headers });
    expect(seen).toEqual([{ accept: expected }]);
    expect(body).toBe((await ask(new SecurityChain({ requirement: bearer() }), 'GET /', { headers })).body);
  });

  const broken: readonly (readonly [string, () => unknown])[] = [
    ['throws', () => JSON.parse('{')],
    ['returns nothing', () => undefined],
    ['returns a text', () => 'Non.'],
    ['returns no media type', () => ({ body: 'Non.' })],
    ['returns no body', () => ({ contentType: 'text/plain' })],
    ['returns a body that is no text', () => ({ contentType: 'text/plain', body: { a: 1 } })],
    ['returns a media type with a line end', () => ({ contentType: 'text/plain\r\nX: y', body: 'Non.' })],
    ['returns an empty media type', () => ({ contentType: '', body: 'Non.' })],
    ['answers later', async () => ({ contentType: 'text/plain', body: 'Non.' })],
    ['rejects later', () => Promise.reject(new Error('late'))],
  ];

  test.each(broken)(
    'a broken one changes no refusal: problem details are sent [RFC 9457 3] (%s)',
    async (_what, format) => {
      const { status, contentType, body } = await answer(format as ProblemFormatter);
      expect({ status, contentType }).toEqual({ status: 401, contentType: 'application/problem+json' });
      expect(JSON.parse(body)).toMatchObject({ status: 401, code: 'unauthenticated' });
      // A rejection that nobody handles would surface now, and fail the test.
      await aTurn();
    },
  );
});
