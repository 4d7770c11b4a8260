import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import * as core from '@sallyport/core';
import * as extend from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';

const ROOT = join(__dirname, '../../..');
const SEVERAL_COPIES = 'ERR_SALLYPORT_SEVERAL_COPIES';
const KEY = { headers: { 'X-Key': 'any' } };
const MARK = Symbol.for('@sallyport/core/brand');

/** As a process has it that imports and requires core where these are two files. */
const other: { core: typeof core; extend: typeof extend } = (() => {
  const loaded: { core?: typeof core; extend?: typeof extend } = {};
  jest.isolateModules(() => {
    loaded.core = require('@sallyport/core');
    loaded.extend = require('@sallyport/core/extend');
  });
  return loaded as Required<typeof loaded>;
})();

function handlerThat(verify: () => unknown): core.SecurityHandler {
  const challenges = [extend.challenge('Key')];
  return {
    name: 'key',
    challenges,
    extract: (request) => request.header('X-Key'),
    verify: verify as () => core.Verdict,
  };
}

const answering = (verify: () => unknown) =>
  ask(new core.SecurityChain({ requirement: handlerThat(verify) }), 'GET /', KEY);
const alice = () => core.authenticated(core.createPrincipal({ subject: 'alice' }));

describe('what another copy of core made is refused, and told as such', () => {
  test('a verdict', async () => {
    const answer = await answering(() => other.core.authenticated(other.core.createPrincipal({ subject: 'alice' })));
    expect(answer).toMatchObject({ status: 500, principal: undefined });
    expect(answer.event.fault).toMatchObject({ culprit: 'key', code: SEVERAL_COPIES });
  });

  test('a verdict about the value of a header', async () => {
    const requirement = core.headerHandler({ name: 'key', header: 'X-Key', verify: () => other.core.denied('bad') });
    const answer = await ask(new core.SecurityChain({ requirement }), 'GET /', KEY);
    expect(answer).toMatchObject({ status: 500, event: { fault: { code: SEVERAL_COPIES } } });
  });

  test.each([
    ['of a guard', () => other.extend.PERMITTED],
    ['that refuses', () => other.core.forbidden('no')],
  ])('a guard verdict %s', async (_of, check) => {
    const chain = new core.SecurityChain({ requirement: handlerThat(alice), guards: [check as core.GuardFunction] });
    expect(await ask(chain, 'GET /', KEY)).toMatchObject({ status: 500, event: { fault: { code: SEVERAL_COPIES } } });
  });

  test('a principal', () => {
    const principal = other.core.createPrincipal({ subject: 'alice' });
    expect(() => core.authenticated(principal)).toThrow(expect.objectContaining({ code: SEVERAL_COPIES }));
  });

  test('a requirement', () => {
    const foreign = expect.objectContaining({ code: SEVERAL_COPIES });
    expect(() => core.anyOf(other.core.anonymous())).toThrow(foreign);
    expect(() => new core.SecurityChain({ requirement: other.core.anonymous() })).toThrow(foreign);
  });

  test('a decision, and a request whose decision somebody observes', async () => {
    const chain = new other.core.SecurityChain({ requirement: other.core.anonymous() });
    const secured = fetchSecurity(chain)(() => new Response('let in'));
    const asked = async () => secured(new Request('http://localhost/'));
    await expect(asked()).rejects.toThrow('this decision was made by another copy of @sallyport/core');
    const stop = other.core.onDecision(() => {});
    await expect(asked()).rejects.toThrow('this request was made by another copy of @sallyport/core');
    stop();
  });
});

test('the error names the files of both copies', () => {
  const file = `"${join(ROOT, 'packages/core/src/brand/brand.ts')}"`;
  expect(() => core.anyOf(other.core.anonymous())).toThrow(
    `copy of @sallyport/core, in ${file}; this copy is in ${file};`,
  );
});

describe('the mark of another copy lets nobody in', () => {
  const forged = { kind: 'authenticated', headers: [], principal: { ...core.createPrincipal({ subject: 'eve' }) } };

  test.each(['verdict', 'principal', 'decision'])('on what somebody made: %s', async (made) => {
    const answer = await answering(() => ({ ...forged, [MARK]: { as: made, by: {} } }));
    expect(answer).toMatchObject({ status: 500, principal: undefined });
  });

  test.each([
    ['a file that is no text', { file: 7 }, 'in an unknown file;'],
    ['a file of several lines', { file: 'a\nb' }, 'in "a\\nb";'],
    ['an endless file', { file: 'a'.repeat(10_000) }, `in "${'a'.repeat(500)}";`],
  ])('and is told in one short line: %s', (_what, by, told) => {
    const forged = { ...core.createPrincipal({ subject: 'eve' }), [MARK]: { as: 'principal', by } };
    expect(() => core.authenticated(forged as unknown as core.Principal)).toThrow(told);
  });

  test('whose reading throws', async () => {
    const trap = new Proxy(
      {},
      {
        get: (_target, name) => {
          if (name === MARK) throw new Error('trap');
        },
      },
    );
    expect(await answering(() => trap)).toMatchObject({ status: 500, event: { fault: { code: undefined } } });
  });

  test.each([
    ['isVerdict', extend.isVerdict, 'verdict'],
    ['isPrincipal', extend.isPrincipal, 'principal'],
    ['isDecision', extend.isDecision, 'decision'],
  ] as const)('by %s', (_name, isMade, made) => {
    expect(isMade({ ...forged, [MARK]: { as: made, by: {} } })).toBe(false);
    expect(isMade(other.core.createPrincipal({ subject: 'alice' }))).toBe(false);
  });
});
