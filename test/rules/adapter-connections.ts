import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openConnection } from '../adapters/connection.js';
import type { DemoOptions } from '../adapters/demo-application.js';
import { DemoTokens, demoChain } from '../adapters/demo-chain.js';
import type { AdapterRow, DemoServer } from '../adapters/demo-servers.js';
import { askHttp2 } from '../adapters/http2-client.js';
import { ask, type RawAnswer, RawClient, requestText } from '../adapters/raw-client.js';
import { isNightly } from '../support/nightly.js';

const IDENTITIES = 100;
const CONNECTIONS = 50;
const PER_CONNECTION = isNightly ? 200 : 40;
/** Requests of a connection at once: all of them by day. */
const WAVE = 40;
const BARRED: readonly string[] = ['192.0.2.9', '2001:db8::9'];

function as(token: string): readonly string[] {
  return [`Authorization: Bearer ${token}`];
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** What every adapter must do with connections that are shared, half open or gone. */
export function adapterConnections(row: AdapterRow): void {
  describe(`${row.name} keeps requests and connections apart`, () => {
    const tokens = new DemoTokens();
    let server: DemoServer;
    beforeAll(async () => {
      server = await row.open(demoChain({}, tokens));
    });
    afterAll(() => server.close());

    const connect = () => openConnection(server.port, row.protocol);

    test('requests that come at once on one connection are answered each by its own decision', async () => {
      const connection = await connect();
      const sent = ['later.alice', 'bad', 'now.bob', 'later.carol', 'outage', 'now.dave'];
      const answers = await Promise.all(sent.map((token) => connection.ask('GET', '/', as(token))));
      expect(answers.map(({ status, body }) => (status === 200 ? body : status))).toEqual([
        'GET by alice',
        401,
        'GET by bob',
        'GET by carol',
        503,
        'GET by dave',
      ]);
      connection.close();
    });

    test('a connection serves on after a refusal, and a refused body is not taken for a request', async () => {
      const connection = await connect();
      const smuggled = requestText('GET', '/', as('now.alice'));
      const refused = connection.ask('POST', '/', [`Content-Length: ${smuggled.length}`], smuggled);
      expect((await refused).status).toBe(401);
      expect((await connection.ask('GET', '/', as('later.bob'))).body).toBe('GET by bob');
      connection.close();
    });

    if (row.protocol === 'http') {
      test('a client that has sent its last byte still gets its answer (RFC 9112 9.6)', async () => {
        const client = await RawClient.connect(server.port);
        client.send(requestText('GET', '/', [...as('later.alice'), 'Connection: close']));
        client.socket.end();
        expect((await client.answer()).body).toBe('GET by alice');
        client.close();
      });
    }

    test('a client that goes away during the decision ends it, and the application never hears of it', async () => {
      const { aborted } = tokens;
      const waiting = tokens.held.length;
      const connection = await connect();
      const unanswered = connection.ask('GET', '/', as('held.alice')).catch(() => 'broken off');
      await until(() => tokens.held.length === waiting + 1);
      connection.close();
      await until(() => tokens.aborted === aborted + 1);
      tokens.held.at(-1)?.();
      expect(await unanswered).toBe('broken off');
      const other = await connect();
      expect((await other.ask('GET', '/', as('later.bob'))).body).toBe('GET by bob');
      other.close();
    });

    test('a thousand requests on one connection leave no listener behind', async () => {
      const warnings: Error[] = [];
      const note = (warning: Error) => warnings.push(warning);
      process.on('warning', note);
      const connection = await connect();
      for (let round = 0; round < 10; round += 1) {
        const answers = Array.from({ length: 100 }, () => connection.ask('GET', '/orders', as('later.alice')));
        for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
      }
      connection.close();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', note);
      expect(warnings).toEqual([]);
    });

    test(`${CONNECTIONS * PER_CONNECTION} interleaved requests of 100 identities: none is answered with the principal of another`, async () => {
      const wrong: string[] = [];
      // All connect before one asks: otherwise the answers to the first keep the handshakes of the last waiting.
      const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect()));
      await Promise.all(connections.map((connection, number) => visit(connection, number, wrong)));
      expect(wrong).toEqual([]);
    }, 120_000);

    async function visit(
      connection: Awaited<ReturnType<typeof connect>>,
      number: number,
      wrong: string[],
    ): Promise<void> {
      const ask = async (index: number): Promise<void> => {
        const name = `u${(number + index * 7) % IDENTITIES}`;
        const { body } = await connection.ask('GET', '/', as(`${index % 3 === 0 ? 'now' : 'later'}.${name}`));
        if (body !== `GET by ${name}`) wrong.push(`${name} was answered ${body}`);
      };
      // In waves: thousands at once keep a slow machine busy for so long that connections seem to be silent.
      for (let first = 0; first < PER_CONNECTION; first += WAVE) {
        await Promise.all(Array.from({ length: WAVE }, (_, index) => ask(first + index)));
      }
      connection.close();
    }
  });

  describe(`${row.name} has the options of every adapter`, () => {
    async function answerOf(options: DemoOptions, method: string, lines: readonly string[]): Promise<RawAnswer> {
      const server = await row.open(
        demoChain({ guards: [(_principal, { remoteAddress = '' }) => !BARRED.includes(remoteAddress)] }),
        options,
      );
      try {
        const request = { method, target: '/', lines, body: '' };
        if (row.protocol === 'h2') return await askHttp2(server.port, request);
        return await ask(server.port, row.protocol, requestText(method, '/', lines));
      } finally {
        await server.close();
      }
    }
    const preflight = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT'];

    test('a true preflight is let through by an option, without a principal', async () => {
      const answer = await answerOf({ allowPreflight: true }, 'OPTIONS', preflight);
      expect(answer).toMatchObject({ status: 200, body: 'OPTIONS by nobody' });
    });

    test.each([
      ['OPTIONS', [preflight[0]]],
      ['OPTIONS', [preflight[1]]],
      ['OPTIONS', []],
      ['GET', preflight],
      ['OPTIONS', [...preflight, 'Authorization: Bearer bad']],
      ['OPTIONS', [...preflight, 'Authorization:']],
      ['OPTIONS', [preflight[0], 'Access-Control-Request-Method:']],
      ['OPTIONS', [preflight[0], 'Access-Control-Request-Method: PUT, GET']],
      ['OPTIONS', [...preflight, 'Access-Control-Request-Method: GET']],
      ['OPTIONS', ['Origin:', preflight[1]]],
      ['POST', [...preflight, 'X-HTTP-Method-Override: OPTIONS']],
    ])('%s with %j is no preflight', async (method, lines) => {
      const answer = await answerOf({ allowPreflight: true }, method, lines as string[]);
      expect(answer.status).toBe(401);
    });

    test.each([
      ['is not believed by default', {}, '192.0.2.9', 200],
      ['is believed behind one proxy', { trustedHops: 1 }, '198.51.100.1, 192.0.2.9', 403],
      [
        'is read from its end: what the client wrote is not believed',
        { trustedHops: 1 },
        '192.0.2.9, 198.51.100.1',
        200,
      ],
      ['is read two hops from its end behind two proxies', { trustedHops: 2 }, '192.0.2.9, 198.51.100.1', 403],
      ['may have a port behind the address', { trustedHops: 1 }, '198.51.100.1, 192.0.2.9:4711', 403],
      ['may have an IPv6 address', { trustedHops: 1 }, '198.51.100.1, 2001:db8::9', 403],
      ['may have an IPv6 address in brackets', { trustedHops: 1 }, '[2001:db8::9]', 403],
      ['may have an IPv6 address in brackets and a port', { trustedHops: 1 }, '[2001:db8::9]:4711', 403],
      ['is not believed where it holds no address', { trustedHops: 1 }, '192.0.2.9, unknown', 200],
      ['is not believed where it holds half an address', { trustedHops: 1 }, '[192.0.2.9, 192.0.2.9]', 200],
      ['is not believed when it has fewer entries than there are proxies', { trustedHops: 2 }, '192.0.2.9', 200],
    ])('X-Forwarded-For %s', async (_rule, options, value, status) => {
      const lines = [...as('now.alice'), `X-Forwarded-For: ${value}`];
      expect((await answerOf(options, 'GET', lines)).status).toBe(status);
    });
  });
}
