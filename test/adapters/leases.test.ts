import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { httpSecurity, leaseOf } from '@sallyport/adapters/http';
import { type Lease, type LeaseEnd } from '@sallyport/core';
import { LeaseSetting } from '../core/leases/lease-fixture.js';
import { LEASED_SERVERS, type LeasedServer } from './leased-servers.js';
import { RawClient, requestText } from './raw-client.js';
import { streamed } from './streaming-client.js';

/** What ends a lease, and the reason. */
const ENDINGS: readonly (readonly [LeaseEnd, (setting: LeaseSetting) => unknown])[] = [
  ['expired', ({ clock }) => clock.pass(61)],
  ['revoked', ({ revocations }) => revocations.revokeToken('alice')],
  ['revoked', ({ revocations }) => revocations.revokeSubject('alice')],
  [
    'denied',
    ({ clock, banned }) => {
      banned.add('alice');
      clock.pass(11);
    },
  ],
  ['closed', ({ chain }) => chain.close()],
];

async function until(isSo: () => boolean): Promise<void> {
  const giveUp = performance.now() + 3_000;
  while (!isSo()) {
    if (performance.now() > giveUp) throw new Error('it never came so far');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(LEASED_SERVERS)('a long answer of $name ends with its lease', ({ open, protocol }) => {
  let setting: LeaseSetting;
  let server: LeasedServer;
  let leases: Lease[];
  beforeEach(async () => {
    setting = new LeaseSetting({ banning: true });
    setting.tokens.users.set('alice', { expiresAt: setting.now + 60 });
    leases = [];
    server = await open(setting.chain, {
      onLease: (lease) => leases.push(lease),
      options: { recheckSeconds: 10 },
    });
  });
  afterEach(async () => {
    await server.close();
    setting.close();
  });

  test.each(ENDINGS)('%s: events end in good order, a file is broken off, and others go on', async (end, act) => {
    const [events, file] = [
      await streamed(protocol, server.port, '/events', 'alice'),
      await streamed(protocol, server.port, '/download', 'alice'),
    ];
    const others = await streamed(protocol, server.port, '/events', 'bob');
    expect(setting.chain.leases.active).toBe(3);
    await act(setting);
    expect(await events.outcome).toBe('whole');
    expect(await file.outcome).toBe('broken off');
    expect(file.code()).toBe(protocol === 'h2' ? 8 : undefined);
    expect(leases.map(({ ended }) => ended)).toEqual([end, end, end === 'closed' ? 'closed' : undefined]);
    expect(setting.events.map((event) => event.end)).toContain(end);
    others.leave();
    await until(() => setting.chain.leases.active === 0);
  });

  test('a client that goes away releases it at once', async () => {
    const events = await streamed(protocol, server.port, '/events', 'alice');
    expect(setting.chain.leases.active).toBe(1);
    events.leave();
    await until(() => setting.chain.leases.active === 0);
    expect(leases[0]?.ended).toBe('released');
    expect(setting.clock.waiting).toBe(0);
  });
});

test('an answer that is over before releases its lease, though its connection goes on', async () => {
  const setting = new LeaseSetting();
  const leases: Lease[] = [];
  const server = createServer(
    httpSecurity(setting.chain)((request, response) => {
      leases.push(leaseOf(request));
      response.end('over');
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await RawClient.connect((server.address() as AddressInfo).port);
  for (let count = 1; count <= 2; count += 1) {
    expect((await client.send(requestText('GET', '/', ['Authorization: Bearer alice'])).answer()).body).toBe('over');
    await until(() => leases.length === count && setting.chain.leases.active === 0);
  }
  expect(leases.map(({ ended }) => ended)).toEqual(['released', 'released']);
  expect([setting.events, setting.clock.waiting]).toEqual([[], 0]);
  client.close();
  await new Promise((resolve) => server.close(resolve));
  setting.close();
});
