import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LeaseEnd } from '@sallyport/core';
import { LeaseSetting } from '../../core/leases/lease-fixture.js';
import { modernLines, modernMessage, ToolClient } from './tool-client.js';
import { TOOL_SERVERS, type ToolServer } from './tool-servers.js';

const IDENTIFIER = 'https://tools.example.com/mcp';
const LISTEN = { notifications: { toolsListChanged: true } };

const ENDINGS: readonly (readonly [LeaseEnd, (setting: LeaseSetting) => unknown])[] = [
  ['expired', ({ clock }) => clock.pass(61)],
  ['revoked', ({ revocations }) => revocations.revokeSubject('alice')],
  [
    'denied',
    ({ clock, banned }) => {
      banned.add('alice');
      clock.pass(61);
    },
  ],
  ['closed', ({ chain }) => chain.close()],
];

describe.each(TOOL_SERVERS.filter(({ isModern, hasSessions }) => isModern || hasSessions))(
  'a stream of $name',
  ({ open, isModern }) => {
    let setting: LeaseSetting;
    let server: ToolServer;
    beforeEach(async () => {
      setting = new LeaseSetting({ resource: { identifier: IDENTIFIER } });
      for (const user of ['alice', 'bob']) setting.tokens.users.set(user, { audience: [IDENTIFIER] });
      const rule = ({ subject }: { subject: string }) => !setting.banned.has(subject);
      const methods = { 'subscriptions/listen': rule, initialize: rule };
      server = await open(setting.chain, isModern ? { methods } : {});
    });
    afterEach(async () => {
      await server.close();
      setting.close();
    });

    async function streamOf(user: string) {
      const client = new ToolClient(server.port, user);
      if (!isModern) return (await client.initialized()).stream('GET', []);
      const body = modernMessage('subscriptions/listen', LISTEN);
      const lines = ['Content-Type: application/json', ...modernLines('subscriptions/listen')];
      return client.stream('POST', lines, body);
    }

    const active = async (count: number) => {
      const giveUp = performance.now() + 3_000;
      while (setting.chain.leases.active !== count && performance.now() < giveUp)
        await new Promise((resolve) => setImmediate(resolve));
      expect(setting.chain.leases.active).toBe(count);
    };

    // The rules of methods concern messages, and a GET is none.
    test.each(ENDINGS.filter(([end]) => isModern || end !== 'denied'))(
      'ends in good order when its lease does: %s',
      async (end, act) => {
        setting.tokens.users.set('alice', {
          audience: [IDENTIFIER],
          ...(end === 'expired' && { expiresAt: setting.now + 60 }),
        });
        const [alice, bob] = [await streamOf('alice'), await streamOf('bob')];
        expect([alice.status, alice.type]).toEqual([200, 'text/event-stream']);
        await active(2);
        await act(setting);
        expect(await alice.outcome).toBe('whole');
        expect(setting.chain.leases).toMatchObject({
          [end]: end === 'closed' ? 2 : 1,
          active: end === 'closed' ? 0 : 1,
        });
        bob.leave();
        await active(0);
      },
    );

    test('is released when its client goes', async () => {
      const alice = await streamOf('alice');
      await active(1);
      alice.leave();
      await active(0);
    });
  },
);
