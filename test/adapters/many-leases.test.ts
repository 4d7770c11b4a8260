import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { httpSecurity, leaseOf } from '@sallyport/adapters/http';
import {
  authenticated,
  createPrincipal,
  type GrantedDecision,
  Revocations,
  SecurityChain,
  type SecurityHandler,
} from '@sallyport/core';
import { bearerChallenge, type Clock, SecurityRequest, systemClock, VerdictCache } from '@sallyport/core/extend';
import { isNightly } from '../support/nightly.js';

const everyNight = isNightly ? test : test.skip;
const SOCKETS = 2_000;
const LEASES = 100_000;

/** A chain on the real clock that takes every bearer token, for so many seconds. */
function setting(lifeSeconds: number) {
  const clock: Clock & { timers: number } = { ...systemClock, timers: 0 };
  clock.schedule = (delayMs, task, isAwaited) => {
    clock.timers += 1;
    const end = () => {
      clock.timers -= 1;
    };
    const cancel = systemClock.schedule(delayMs, () => [end(), task()], isAwaited);
    return () => void [end(), cancel()];
  };
  const services = { clock, revocations: new Revocations({}, { clock }) };
  const cache = new VerdictCache({ namespace: 'many', maxEntries: 200_000, maxBytes: 1_000_000_000 }, services);
  const principalOf = (subject: string) =>
    createPrincipal({ subject, clientId: 'shop', issuedAt: 1, expiresAt: Date.now() / 1_000 + lifeSeconds });
  const tokens: SecurityHandler<string> = {
    name: 'tokens',
    challenges: [bearerChallenge('many')],
    extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
    verify: (token, request) => cache.resolve(token, request, async () => authenticated(principalOf(token))),
    follow: (token, principal) => cache.follow(token, principal),
  };
  return { ...services, chain: new SecurityChain({ requirement: tokens }, { clock }) };
}

describe('2 000 event streams over real sockets, on the real clock', () => {
  everyNight.each([
    ['its exp', 30, async () => undefined],
    ['its revocation', 3_600, (revocations: Revocations) => revocations.revokeClient('shop')],
  ])('each is closed within a second of %s, in good order, on one timer', async (_what, lifeSeconds, end) => {
    const { chain, clock, revocations } = setting(lifeSeconds);
    const due = new Map<number, number>();
    const server = createServer(
      httpSecurity(chain)((request, response, { expiresAt = 0 }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: begin\n\n');
        due.set(request.socket.remotePort as number, expiresAt * 1_000);
        leaseOf(request);
      }),
    );
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const closed: Promise<{ closedMs: number; dueMs: number; text: string }>[] = [];
    for (let index = 0; index < SOCKETS; index += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${index}\r\n\r\n`);
      let text = String((await once(socket, 'data'))[0]);
      const { localPort } = socket;
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      closed.push(
        once(socket, 'end').then(() => ({ closedMs: Date.now(), dueMs: due.get(localPort as number) ?? 0, text })),
      );
    }
    expect([chain.leases.active, clock.timers]).toEqual([SOCKETS, 1]);
    const startedMs = Date.now();
    const isRevoked = (await end(revocations)) !== undefined;
    const late: number[] = [];
    for (const { closedMs, dueMs, text } of await Promise.all(closed)) {
      late.push(closedMs - (isRevoked ? startedMs : dueMs));
      expect(text.endsWith('0\r\n\r\n')).toBe(true);
    }
    expect(Math.min(...late)).toBeGreaterThanOrEqual(isRevoked ? 0 : -1);
    expect(Math.max(...late)).toBeLessThanOrEqual(1_000);
    expect([chain.leases.active, clock.timers]).toEqual([0, 0]);
    server.close();
  });
});

describe('100 000 leases in one process', () => {
  everyNight('wait on one timer, and one of them is found without looking at the others', async () => {
    const { chain, clock, revocations } = setting(3_600);
    const terms = { guards: [], others: [], recheckSeconds: 3_600 };
    const leases = [];
    for (let index = 0; index < LEASES; index += 1) {
      const request = { method: 'GET', target: '/', rawHeaders: ['Authorization', `Bearer ${index}`] };
      const granted = (await chain.decide(new SecurityRequest(request))) as GrantedDecision;
      leases.push(chain.lease(granted, request, terms));
    }
    expect([chain.leases.active, clock.timers]).toEqual([LEASES, 1]);
    for (const index of [0, 1, LEASES - 1]) {
      await revocations.revokeSubject(String(index));
      expect(leases[index]?.ended).toBe('revoked');
    }
    expect(chain.leases).toMatchObject({ active: LEASES - 3, revoked: 3 });
    const started = performance.now();
    await revocations.revokeClient('shop');
    while (chain.leases.active > 0) await new Promise((resolve) => setImmediate(resolve));
    expect([clock.timers, leases.every(({ ended }) => ended === 'revoked')]).toEqual([0, true]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
