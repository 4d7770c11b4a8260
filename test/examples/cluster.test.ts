import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { documentOf } from '../support/markdown.js';
import { isNightly } from '../support/nightly.js';
import { HAS_REDIS } from '../support/redis-server.js';

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

  test.each(['main.js', 'show.js'])('%s says what is missing where there is no redis-server', async (file) => {
    const env = { ...process.env, PATH: '/nowhere', REDIS_URL: undefined, PORT: '0' };
    await expect(run(process.execPath, [join(EXAMPLE, file)], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^There is no Redis: .*\nInstall it .*REDIS_URL\.\n$/),
    });
  });
});
