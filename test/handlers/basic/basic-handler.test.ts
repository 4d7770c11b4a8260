import { describe, expect, test } from '@jest/globals';
import { SecurityChain, SecurityRequest } from '@sallyport/core';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';

describe('Basic (RFC 7617)', () => {
  test.each(['argon2id', 'scrypt', 'bcrypt'] as const)(
    'a password stored with %s lets its owner in',
    async (algorithm) => {
      const users = new InMemoryUserStore([{ name: 'alice', hash: await hashPassword('a:b ', { algorithm }) }]);
      const chain = new SecurityChain({ requirement: new BasicHandler({ realm: 'test', users }) });
      const ask = (pair: string) => {
        const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
        return chain.decide(
          new SecurityRequest({ method: 'GET', target: '/', rawHeaders: ['Authorization', authorization] }),
        );
      };
      expect(await ask('alice:a:b ')).toMatchObject({ kind: 'granted', principal: { subject: 'alice' } });
      expect(await ask('alice:a:b')).toMatchObject({ kind: 'denied', status: 401, reason: 'user_or_password_wrong' });
    },
  );
});
