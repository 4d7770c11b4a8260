import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DemoTokens, demoChain } from '../adapters/demo-chain.js';
import type { AdapterRow, DemoOptions, DemoServer } from '../adapters/demo-servers.js';
import { ask, type RawAnswer, RawClient, requestText } from '../adapters/raw-client.js';

const IDENTITIES = 100;
const CONNECTIONS = 50;
const PER_CONNECTION = 200;
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

    const connect = () => RawClient.connect(server.port, row.protocol);

    test('pipelined requests are answered in their order, each by its own decision (RFC 9112 9.3.2)', async () => {
      const client = await connect();
      const sent = ['later.alice', 'bad', 'now.bob', 'later.carol', 'outage', 'now.dave'];
      client.send(sent.map((token) => requestText('GET', '/', as(token))).join(''));
      const answers: (string | number)[] = [];
      for (const _ of sent) {
        const { status, body } = await client.answer();
        answers.push(status === 200 ? body : status);
      }
      expect(answers).toEqual(['GET by alice', 401, 'GET by bob', 'GET by carol', 503, 'GET by dave']);
      client.close();
    });

    test('a connection serves on after a refusal, and a refused body is not taken for a request', async () => {
      const client = await connect();
      const smuggled = requestText('GET', '/', as('now.alice'));
      client.send(requestText('POST', '/', [`Content-Length: ${smuggled.length}`], smuggled));
      expect((await client.answer()).status).toBe(401);
      client.send(requestText('GET', '/', as('later.bob')));
      expect((await client.answer()).body).toBe('GET by bob');
      client.close();
    });

    const whereHalfOpen = row.protocol === 'http' ? test : test.skip;
    whereHalfOpen(
      'a client that has sent its last byte still gets its answer; TLS closes both ways (RFC 9112 9.6)',
      async () => {
        const client = await connect();
        client.send(requestText('GET', '/', [...as('later.alice'), 'Connection: close']));
        client.socket.end();
        expect((await client.answer()).body).toBe('GET by alice');
        client.close();
      },
    );

    test('a client that goes away during the decision ends it, and the application never hears of it', async () => {
      const { aborted } = tokens;
      const waiting = tokens.held.length;
      const client = await connect();
      client.send(requestText('GET', '/', as('held.alice')));
      await until(() => tokens.held.length === waiting + 1);
      client.close();
      await until(() => tokens.aborted === aborted + 1);
      tokens.held.at(-1)?.();
      expect(await ask(server.port, row.protocol, requestText('GET', '/', as('later.bob')))).toMatchObject({
        body: 'GET by bob',
      });
    });

    test('a thousand requests on one connection leave no listener behind', async () => {
      const warnings: Error[] = [];
      const note = (warning: Error) => warnings.push(warning);
      process.on('warning', note);
      const client = await connect();
      for (let round = 0; round < 10; round += 1) {
        client.send(requestText('GET', '/orders', as('later.alice')).repeat(100));
        for (let count = 0; count < 100; count += 1) await client.answer();
      }
      client.close();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', note);
      expect(warnings).toEqual([]);
    });

    test('10,000 interleaved requests of 100 identities: none is answered with the principal of another', async () => {
      const wrong: string[] = [];
      await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => visit(connection, wrong)));
      expect(wrong).toEqual([]);
    });

    async function visit(connection: number, wrong: string[]): Promise<void> {
      const client = await connect();
      const names = Array.from({ length: PER_CONNECTION }, (_, index) => `u${(connection + index * 7) % IDENTITIES}`);
      const linesOf = (name: string, index: number) => [
        ...as(`${index % 3 === 0 ? 'now' : 'later'}.${name}`),
        ...(index === PER_CONNECTION - 1 ? ['Connection: close'] : []),
      ];
      client.send(names.map((name, index) => requestText('GET', '/', linesOf(name, index))).join(''));
      const answered = [...(await client.rest()).matchAll(/GET by (u\d+)/g)].map(([, name]) => name);
      if (answered.join() !== names.join()) wrong.push(`${names} were answered ${answered}`);
      client.close();
    }
  });

  describe(`${row.name} has the options of every adapter`, () => {
    async function answerOf(options: DemoOptions, text: string): Promise<RawAnswer> {
      const server = await row.open(
        demoChain({ guards: [(_principal, { remoteAddress = '' }) => !BARRED.includes(remoteAddress)] }),
        options,
      );
      try {
        return await ask(server.port, row.protocol, text);
      } finally {
        await server.close();
      }
    }
    const preflight = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT'];

    test('a true preflight is let through by an option, without a principal', async () => {
      const answer = await answerOf({ allowPreflight: true }, requestText('OPTIONS', '/', preflight));
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
      const answer = await answerOf({ allowPreflight: true }, requestText(method, '/', lines as string[]));
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
      const text = requestText('GET', '/', [...as('now.alice'), `X-Forwarded-For: ${value}`]);
      expect((await answerOf(options, text)).status).toBe(status);
    });
  });
}
