import { afterAll, describe, expect, test } from '@jest/globals';
import { fromStripe } from '../handlers/webhook/deliveries.js';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { blocksOf } from './document-project.js';
import { openGuide } from './open-guide.js';

describe('docs/redis.md', () => {
  const guide = openGuide('docs/redis.md');

  let redis: RedisServer | undefined;
  afterAll(() => redis?.stop());

  (HAS_REDIS ? test : test.skip)(
    `all parts work together, over both libraries${HAS_REDIS ? '' : ' (skipped: no redis-server)'}`,
    async () => {
      redis = await RedisServer.start();
      const client = await redis.client();
      const env = {
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        STRIPE_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        SECURITY_SECRET: 'a secret of at least 32 characters',
      };
      guide.project.write(
        'too-early.js',
        `const { onceStore, close } = await import('./over-ioredis.js');
        console.log(await onceStore.mark('key', 60).catch(({ code }) => code));
        await close();`,
      );
      expect(await guide.project.node(['too-early.js'], env)).toBe('ERR_SALLYPORT_MARKS_LOST\n');
      await client.flushAll();
      guide.project.write(
        'instances.js',
        `const { onceStore, close, revocations } = await import('./over-redis.js');
        await import('./set-up-redis.js');
        await revocations.start();
        console.log(await onceStore.mark('key', 60), await onceStore.mark('key', 60));
        console.log(await revocations.revokeSubject('alice'));
        await close();`,
      );
      expect(await guide.project.node(['instances.js'], env)).toBe('true false\ntrue\n');
      const [yaml = ''] = blocksOf('docs/redis.md').flatMap(({ language, code }) => (language === 'yaml' ? code : []));
      guide.project.write('security.yaml', yaml);
      const delivery = { headers: fromStripe('{}', Math.floor(Date.now() / 1_000), env.STRIPE_SECRET), body: '{}' };
      guide.project.write(
        'deliver.js',
        `import { ask } from '@sallyport/core/testing';
        import { chain, close } from './from-a-file.js';
        for (let turn = 0; turn < 2; turn += 1) {
          const { status, reason } = await ask(chain, 'POST /', ${JSON.stringify(delivery)});
          console.log(status, reason);
        }
        await close();`,
      );
      expect(await guide.project.node(['deliver.js'], env)).toBe('200 undefined\n401 webhook_replayed\n');
    },
  );
});
