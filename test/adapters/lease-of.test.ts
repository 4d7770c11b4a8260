import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expressSecurity } from '@sallyport/adapters/express';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity, leaseOf } from '@sallyport/adapters/http';
import { ConfigurationError, type Decider, type Lease, SecurityChain } from '@sallyport/core';
import { Hono } from 'hono';
import { createRequest, createResponse } from 'node-mocks-http';
import { LeaseSetting, NamedTokens } from '../core/leases/lease-fixture.js';

let setting: LeaseSetting;
beforeEach(() => {
  setting = new LeaseSetting();
});
afterEach(() => setting.close());

const bearer = { authorization: 'Bearer alice' };

describe('leaseOf()', () => {
  test('throws where no chain has granted the request', () => {
    const error = (() => {
      try {
        return leaseOf(createRequest());
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'ERR_SALLYPORT_OPTION_INVALID', message: expect.stringContaining('no chain') });
  });

  test('throws where the decider grants no leases', async () => {
    const decider: Decider = {
      decide: (request) => setting.chain.decide(request),
      authorize: (granted, guard, request) => setting.chain.authorize(granted, guard, request),
      covers: (granted, request) => setting.chain.covers(granted, request),
    };
    const secured = fetchSecurity(decider)((request: Request) => {
      expect(() => leaseOf(request)).toThrow('grants no leases');
      return new Response('granted');
    });
    expect(await (await secured(new Request('http://localhost/', { headers: bearer }))).text()).toBe('granted');
    expect.assertions(2);
  });

  test.each([
    [{ recheckSeconds: 0 }, 'recheckSeconds'],
    [{ graceSeconds: -1 }, 'graceSeconds'],
    [{ onEnd: 'log' }, 'onEnd'],
    [{ closeCode: 4000 }, 'closeCode'],
  ])('refuses %j', (options, named) => {
    expect(() => leaseOf(createRequest(), options as never)).toThrow(named);
  });

  async function grantedBy(request: object, ...chains: readonly SecurityChain[]): Promise<void> {
    const response = createResponse();
    for (const chain of chains) {
      await new Promise<void>((resolve) => {
        httpSecurity(chain)<never, never>(() => resolve())(request as never, response as never);
      });
    }
  }

  test.each(['j', 'k'])(
    'of a request that two chains have granted ends with the first of the two: the credential %s is revoked',
    async (revoked) => {
      const { clock, revocations } = setting;
      const chainOf = (name: string) => {
        const requirement = new NamedTokens(clock, revocations, { name, source: `header:x-${name}` });
        return new SecurityChain({ name, requirement }, { clock });
      };
      const [first, second] = [chainOf('first'), chainOf('second')];
      const request = createRequest({ method: 'GET', url: '/', headers: { 'x-first': 'j', 'x-second': 'k' } });
      await grantedBy(request, first, second);
      const lease = leaseOf(request);
      const told: string[] = [];
      lease.onEnd((end) => told.push(end));
      expect([lease.principal.subject, first.leases.active, second.leases.active]).toEqual(['k', 1, 1]);
      await setting.revocations.revokeToken(revoked);
      expect([lease.ended, told, lease.signal.aborted]).toEqual(['revoked', ['revoked'], true]);
      expect([first.leases.active, second.leases.active]).toEqual([0, 0]);
    },
  );

  test('of a request that two chains have granted is released in both', async () => {
    const second = new SecurityChain({ name: 'second', requirement: setting.tokens }, { clock: setting.clock });
    const request = createRequest({ method: 'GET', url: '/', headers: bearer });
    await grantedBy(request, setting.chain, second);
    leaseOf(request).release();
    expect([setting.chain.leases, second.leases]).toMatchObject([{ released: 1 }, { released: 1 }]);
  });

  test('asks the guards of the route again, and once for a chain that is mounted twice', async () => {
    let isMember = true;
    let asked = 0;
    const secure = expressSecurity(setting.chain);
    const request = createRequest({ method: 'GET', url: '/', headers: bearer });
    const response = createResponse();
    const member = () => {
      asked += 1;
      return isMember;
    };
    for (const handler of [secure(), secure(member), secure(() => true)]) {
      await new Promise<void>((resolve) => void handler(request as never, response as never, () => resolve()));
    }
    const lease = leaseOf(request, { recheckSeconds: 10 });
    asked = 0;
    setting.clock.pass(10.5);
    expect([asked, setting.chain.leases.active, lease.ended]).toEqual([1, 1, undefined]);
    isMember = false;
    setting.clock.pass(10.5);
    expect(lease.ended).toBe('denied');
  });

  test('without Node has a signal, and is released when the client goes away', async () => {
    const app = new Hono();
    const leases: Lease[] = [];
    app.use(fetchSecurity(setting.chain).middleware());
    app.get('/', (c) => {
      leases.push(leaseOf(c));
      return c.text('granted');
    });
    const client = new AbortController();
    const ask = () => app.request('/', { headers: bearer, signal: client.signal });
    expect(await (await ask()).text()).toBe('granted');
    expect(await (await ask()).text()).toBe('granted');
    const [first, second] = leases as [Lease, Lease];
    await setting.revocations.revokeToken('nobody');
    expect(first.signal.aborted).toBe(false);
    first.release();
    expect([first.signal.aborted, second.ended]).toEqual([true, undefined]);
    client.abort();
    expect(second.ended).toBe('released');
  });
});
