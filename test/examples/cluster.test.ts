import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import { documentOf } from '../support/markdown.js';
import { isNightly } from '../support/nightly.js';
import { HAS_REDIS } from '../support/redis-server.js';

/** A busy machine may need longer. */
jest.setTimeout(120_000);
const run = promisify(execFile);
const EXAMPLE = join(__dirname, '../../examples/cluster/dist');
/** By day a few requests only, and no limit in real seconds. */
const FLAGS = isNightly ? [] : ['16', '10000'];
/** How long it took, and how many were asked, differs. */
const words = (text: string) => text.replaceAll(/\d+(\.\d+)?/g, 'N');
const testWithRedis = HAS_REDIS ? test : test.skip;

describe('examples/cluster', () => {
  testWithRedis(HAS_REDIS ? 'shows what its page promises' : 'skipped: there is no redis-server to start', async () => {
    const { REDIS_URL: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, [join(EXAMPLE, 'show.js'), ...FLAGS], { env });
    const [, shown = ''] = /^```\n(One port.*?)^```$/ms.exec(documentOf('examples/cluster/README.md')) ?? [];
    expect(shown.split('\n').length).toBeGreaterThan(10);
    expect(words(stdout)).toBe(words(shown));
  });

  testWithRedis(
    HAS_REDIS
      ? 'a process that ends is replaced, and a signal ends all of it'
      : 'skipped: there is no redis-server to start',
    async () => {
      const { REDIS_URL: _, ...env } = process.env;
      const child = spawn(process.execPath, [join(EXAMPLE, 'main.js')], { env: { ...env, PORT: '0' } });
      const printed = createInterface({ input: child.stdout });
      const said = createInterface({ input: child.stderr });
      const [line] = (await once(printed, 'line')) as [string];
      const [pid = 0] = [...line.matchAll(/\d+/g)].map(Number);
      process.kill(pid, 'SIGKILL');
      const [told] = (await once(said, 'line')) as [string];
      expect(told).toBe(`process ${pid} has ended; another one takes its place`);
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    },
  );

  test.each(['main.js', 'show.js'])('%s says what is missing where there is no redis-server', async (file) => {
    const env = { ...process.env, PATH: '/nowhere', REDIS_URL: undefined, PORT: '0' };
    await expect(run(process.execPath, [join(EXAMPLE, file)], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no Redis: .*\nInstall it .*REDIS_URL\.\n$/),
    });
  });
});
