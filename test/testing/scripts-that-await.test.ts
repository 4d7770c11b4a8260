import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');

/** A handler that opens nothing: only the library keeps the process alive while somebody awaits it. */
const SETTING = `
  import { authenticated, createPrincipal, every, guard, requireScopes, SecurityChain } from '@sallyport/core';
  import { challenge, SecurityRequest } from '@sallyport/core/extend';
  import { ask, buildRequest } from '@sallyport/core/testing';
  import { chainFrom, liveChain } from '@sallyport/configuration';
  import { writeFileSync, mkdtempSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  const never = () => new Promise(() => {});
  const silent = (steps) => ({
    name: 'silent',
    challenges: [challenge('Silent')],
    source: { at: 'header:host' },
    extract: () => 'x',
    verify: () => authenticated(createPrincipal({ subject: 'alice' })),
    ...steps,
  });
  const chainOf = (steps) => new SecurityChain({ requirement: silent(steps), deadlineMs: 50 });
  const configuration = { handlers: { one: { type: 'silent' } }, chain: { requirement: 'one', deadlineMs: 50 } };
  const kinds = (steps) => ({ kinds: { silent: { handler: (_options, { name }) => silent({ ...steps, name }) } } });
  const failed = (error) => error.message;
`;

/** The end of each program is the value that it prints. */
const AWAITED: readonly (readonly [what: string, program: string, printed: string])[] = [
  ['decide()', 'await chainOf({ verify: never }).decide(buildRequest()).then(({ status }) => status)', '503'],
  [
    'authorize()',
    `await (async () => {
      const chain = chainOf({});
      const request = buildRequest();
      const { status } = await chain.authorize(await chain.decide(request), guard('never', never), request);
      return status;
    })()`,
    '503',
  ],
  [
    'explain()',
    `await chainOf({ verify: never }).explain({ method: 'GET', target: '/', rawHeaders: [] }).then(
      ({ event }) => event.reason)`,
    'deadline_exceeded',
  ],
  ['ask()', '(await ask(chainOf({ verify: never }))).status', '503'],
  [
    'start()',
    'await chainOf({ start: never }).start({ timeoutMs: 50 }).catch(failed)',
    'handler silent did not start within 50 ms',
  ],
  [
    'close()',
    'await chainOf({ close: never }).close({ timeoutMs: 50 }).catch(failed)',
    'Some handlers could not be closed',
  ],
  ['a chain of chainFrom()', '(await ask(await chainFrom(configuration, kinds({ verify: never })))).status', '503'],
  [
    'liveChain() and its decision, reload and close',
    `await (async () => {
      const file = mkdtempSync(join(tmpdir(), 'sallyport-live-')) + '/security.json';
      writeFileSync(file, JSON.stringify(configuration));
      const live = await liveChain(file, kinds({ verify: never }));
      await live.start();
      const { status } = await live.decide(buildRequest());
      const pending = live.decide(buildRequest());
      const isTaken = await live.reload();
      await live.close();
      return [status, isTaken, (await pending).status];
    })()`,
    '503,true,503',
  ],
];

function runs(program: string): Promise<{ readonly status: number | string | null; readonly printed: string }> {
  const script = `${SETTING}\nconsole.log(String(${program}));`;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT }, (error, stdout) =>
      resolve({ status: error === null ? 0 : (error.code ?? null), printed: stdout.trim() }),
    );
    child.stdin?.end();
  });
}

describe('a program that awaits a chain is kept alive until the answer', () => {
  test.concurrent.each(AWAITED)('%s', async (_what, program, printed) => {
    expect(await runs(program)).toEqual({ status: 0, printed });
  });

  test('and one that awaits what never comes ends with status 13, so that the others prove something', async () => {
    expect(await runs('await never()')).toMatchObject({ status: 13 });
  });
});
