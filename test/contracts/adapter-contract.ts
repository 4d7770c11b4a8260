import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DemoTokens, demoChain } from '../adapters/demo-chain.js';
import type { AdapterRow, DemoServer } from '../adapters/demo-servers.js';
import { ask, type RawAnswer, requestText } from '../adapters/raw-client.js';

/** What every adapter must do, on every framework and protocol. */
export function adapterContract(row: AdapterRow): void {
  describe(`${row.name} keeps the contract of an adapter`, () => {
    const tokens = new DemoTokens();
    let server: DemoServer;
    beforeAll(async () => {
      server = await row.open(demoChain({}, tokens));
    });
    afterAll(() => server.close());

    const call = (method: string, target: string, lines: readonly string[] = [], body = ''): Promise<RawAnswer> =>
      ask(server.port, row.protocol, requestText(method, target, lines, body));
    const as = (token: string) => [`Authorization: Bearer ${token}`];

    test.each(['now', 'later'])(
      'a request that is granted %s reaches the application with its principal',
      async (kind) => {
        expect(await call('GET', '/', as(`${kind}.alice`))).toMatchObject({ status: 200, body: 'GET by alice' });
      },
    );

    test.each(['now', 'later'])('a route adds its guards to what was decided %s', async (kind) => {
      expect(await call('GET', '/orders', as(`${kind}.alice`))).toMatchObject({ status: 200, body: 'GET by alice' });
      expect(await call('GET', '/orders', as(`${kind}.bob`))).toMatchObject({ status: 403 });
    });

    test('header lines of a granted decision go onto the answer', async () => {
      const { status, lines } = await call('GET', '/orders', as('nonce.alice'));
      expect(status).toBe(200);
      expect(lines).toContain('dpop-nonce: n-1');
    });

    test('no body is read by the adapter', async () => {
      const body = 'x'.repeat(100_000);
      const lines = [...as('later.alice'), 'Content-Type: text/plain', `Content-Length: ${body.length}`];
      expect(await call('POST', '/echo', lines, body)).toMatchObject({
        body: 'POST by alice with 100000 bytes d69e689881578332',
      });
    });

    test('a request is verified once, however many guards look at it', async () => {
      const before = tokens.verified;
      await call('GET', '/orders', as('later.alice'));
      expect(tokens.verified).toBe(before + 1);
    });
  });
}
