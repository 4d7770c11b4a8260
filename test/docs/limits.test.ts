import { afterAll, describe, expect, test } from '@jest/globals';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { openGuide } from './open-guide.js';

describe('docs/limits.md', () => {
  const guide = openGuide('docs/limits.md');

  let redis: RedisServer | undefined;
  afterAll(() => redis?.stop());

  test('the first block limits a client to 100 requests in a minute, and tells it how it stands', async () => {
    guide.project.write(
      'ask-start.js',
      `import { ask } from '@sallyport/core/testing';
      import { chain } from './start.js';
      const counts = {};
      let last;
      for (let turn = 0; turn < 120; turn += 1) {
        last = await ask(chain, 'GET /', { headers: { 'x-key': 'alice' } });
        counts[last.status] = (counts[last.status] ?? 0) + 1;
      }
      console.log(JSON.stringify(counts), last.reason);`,
    );
    expect(await guide.project.node(['ask-start.js'])).toBe('{"200":100,"429":20} rate_limited\n');
  });

  test('limits of a chain, of everybody and of an operation stand together', async () => {
    guide.project.write(
      'ask-places.js',
      `import { ask } from '@sallyport/core/testing';
      import { chain } from './places.js';
      import { units } from './costs.js';
      const statuses = [];
      for (let turn = 0; turn < 6; turn += 1)
        statuses.push((await ask(chain, 'POST /reports', { headers: { 'x-key': 'alice' } })).status);
      console.log(statuses.join(' '), units.name);`,
    );
    expect(await guide.project.node(['ask-places.js'])).toBe('200 200 200 200 200 429 rateLimit(units)\n');
  });

  (HAS_REDIS ? test : test.skip)(
    `several processes share a limit over Redis${HAS_REDIS ? '' : ' (skipped: no redis-server)'}`,
    async () => {
      redis = await RedisServer.start();
      const env = {
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        SECURITY_SECRET: 'a secret of at least 32 characters',
      };
      guide.project.write(
        'ask-several.js',
        `import { createPrincipal } from '@sallyport/core';
        import { buildRequest } from '@sallyport/core/testing';
        import { perMinute } from './several.js';
        const alice = createPrincipal({ subject: 'alice', clientId: 'app' });
        let granted = 0;
        for (let turn = 0; turn < 60; turn += 1)
          if ((await perMinute.check(alice, buildRequest('/'))).kind === 'permitted') granted += 1;
        console.log(granted);
        process.exit();`,
      );
      const counts = [
        await guide.project.node(['ask-several.js'], env),
        await guide.project.node(['ask-several.js'], env),
      ];
      expect(counts).toEqual(['60\n', '40\n']);
    },
  );
});
