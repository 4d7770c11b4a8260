import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ManualClock } from '@sallyport/core/testing';
import { closedOrigin, type Document, FAULTS, FaultServer } from '../support/fault-server.js';

const DEADLINE_SECONDS = 2;
/** Longer than any pause after a failure. */
const LATER_SECONDS = 31;

/** A handler that makes the call, in a chain. */
export interface Caller {
  readonly clock: ManualClock;
  /** A request whose good token cannot be judged without the call. */
  ask(): Promise<{
    readonly status: number;
    readonly reason: string | undefined;
    readonly challenges: readonly unknown[];
    readonly principal: unknown;
  }>;
  /** What is remembered of tokens. */
  remembered(): object;
  close(): Promise<void>;
}

/** One kind of call that a handler makes to another server. */
export interface OutboundCall {
  readonly name: string;
  readonly path: string;
  /** True where the call carries the token: what it may have brought about is remembered of it, for seconds. */
  readonly carriesToken?: boolean;
  /** What the server says on each path while nothing is wrong. */
  document(path: string, server: FaultServer): Document | undefined;
  /** A handler on a `PromptClock` that makes this call to `origin`, and all others to `server`. */
  open(origin: string, server: FaultServer): Caller;
}

export const jsonDocument = (value: object): Document => ({
  contentType: 'application/json',
  body: JSON.stringify(value),
});

/** Whatever another server does, the caller's token is not to blame: 503, and never remembered as a refusal. */
export function outboundCallRules(call: OutboundCall): void {
  describe(`in the call for ${call.name}`, () => {
    let server: FaultServer;
    let caller: Caller;

    beforeEach(async () => {
      server = await FaultServer.start((path) => call.document(path, server));
    });

    afterEach(async () => {
      await caller.close();
      for (let turns = 0; server.openSockets > 0 && turns < 10_000; turns += 1) await new Promise(setImmediate);
      const { openSockets } = server;
      await server.close();
      expect(openSockets).toBe(0);
    });

    test.each(FAULTS)('%s is 503 by the deadline, no refusal, and over when it is over', async (fault) => {
      caller = call.open(server.origin, server);
      const hanging = server.misbehave(call.path, fault);
      const pending = caller.ask();
      let isSettled = false;
      pending.finally(() => {
        isSettled = true;
      });
      if ((await Promise.race([pending, hanging])) === 'hanging') {
        caller.clock.pass(DEADLINE_SECONDS - 0.001);
        await new Promise(setImmediate);
        expect(isSettled).toBe(false);
        caller.clock.pass(0.001);
      }
      const { status, reason, challenges, principal } = await pending;
      expect({ status, challenges, principal }).toEqual({ status: 503, challenges: [], principal: undefined });
      expect(reason).toMatch(/^(?:err_sallyport_upstream_|introspection_)/);
      expectRemembered(call.carriesToken === true ? 1 : 0);
      expect(server.targets).not.toContain('/elsewhere');
      expect(server.bytesPoured).toBeLessThan(32 * 1_024 * 1_024);
      server.recover();
      caller.clock.pass(LATER_SECONDS);
      expect(await caller.ask()).toMatchObject({ status: 200 });
    });

    test('a refused connection is 503', async () => {
      caller = call.open(await closedOrigin(), server);
      await expectUnreachable();
    });

    test('a name that does not resolve is 503', async () => {
      caller = call.open('https://sallyport.invalid', server);
      await expectUnreachable();
    });

    test('a certificate that nobody trusts is 503, and nothing is sent', async () => {
      const untrusted = await FaultServer.startUntrusted((path) => call.document(path, untrusted));
      caller = call.open(untrusted.origin, server);
      await expectUnreachable();
      expect(untrusted.targets).toEqual([]);
      await untrusted.close();
    });

    test('a server without TLS where TLS is expected is 503', async () => {
      caller = call.open(server.origin.replace('http://127.0.0.1', 'https://localhost'), server);
      await expectUnreachable();
    });

    async function expectUnreachable(): Promise<void> {
      expect(await caller.ask()).toMatchObject({ status: 503, reason: 'err_sallyport_upstream_unreachable' });
      expectRemembered(0);
    }

    function expectRemembered(negativeEntries: number): void {
      expect(caller.remembered()).toMatchObject({ entries: 0, negativeEntries, flights: 0 });
    }
  });
}
