import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DemoTokens, demoChain } from './demo-chain.js';
import { ADAPTERS, type DemoServer } from './demo-servers.js';
import { askHttp2 } from './http2-client.js';

const STREAMS = 1_000;

describe('streams of one HTTP/2 connection (RFC 9113 5)', () => {
  const tokens = new DemoTokens();
  let server: DemoServer;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    const row = ADAPTERS.find(({ protocol }) => protocol === 'h2');
    if (row === undefined) throw new Error('no adapter speaks HTTP/2');
    server = await row.open(demoChain({ guards: [(_principal, { path }) => path !== '/forbidden'] }, tokens));
    session = connect(`https://localhost:${server.port}`, { rejectUnauthorized: false });
  });
  afterEach(async () => {
    session.destroy();
    await server.close();
  });

  async function answerFor(token: string): Promise<string> {
    const stream = session.request({ authorization: `Bearer ${token}` });
    const [headers] = await once(stream, 'response');
    const body = (await stream.setEncoding('utf8').toArray()).join('');
    return headers[':status'] === 200 ? body : String(headers[':status']);
  }

  test('none is answered with the principal of another', async () => {
    const kinds = ['now', 'later', 'bad'];
    const wrong: string[] = [];
    await Promise.all(
      Array.from({ length: STREAMS }, async (_, index) => {
        const kind = kinds[index % kinds.length] ?? '';
        const answer = await answerFor(`${kind}.u${index}`);
        if (answer !== (kind === 'bad' ? '401' : `GET by u${index}`)) wrong.push(`u${index} was answered ${answer}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('a connection that breaks ends the decisions about all of its streams', async () => {
    const before = tokens.aborted;
    for (let count = 0; count < 3; count += 1) {
      session.request({ authorization: 'Bearer held.alice' }).on('error', () => {});
    }
    while (tokens.held.length < 3) await new Promise((resolve) => setImmediate(resolve));
    session.destroy();
    while (tokens.aborted < before + 3) await new Promise((resolve) => setImmediate(resolve));
  });

  test(':authority and Host decide nothing, also where they disagree (RFC 9113 8.3.1)', async () => {
    const lines = ['Authorization: Bearer now.alice', 'Host: elsewhere.example'];
    const answer = await askHttp2(server.port, { method: 'GET', target: '/', lines, body: '' });
    expect(answer).toMatchObject({ status: 200, body: 'GET by alice' });
  });

  test('a pseudo-header field behind the others, or one that is unknown, never reaches the chain (RFC 9113 8.3)', async () => {
    const before = tokens.verified;
    for (const line of [':path: /forbidden', ':user: alice']) {
      const lines = ['Authorization: Bearer now.alice', line];
      const answer = askHttp2(server.port, { method: 'GET', target: '/', lines, body: '' });
      await expect(answer).rejects.toThrow(/closed with error code/);
    }
    expect(tokens.verified).toBe(before);
  });

  test('a standard method in other letters is refused before anything else [RFC 9110 9.1]', async () => {
    const lines = ['Authorization: Bearer now.alice'];
    for (const method of ['post', 'Get', 'query', 'propfind']) {
      const answer = await askHttp2(server.port, { method, target: '/', lines, body: '' });
      expect({ method, status: answer.status }).toEqual({ method, status: 400 });
    }
  });

  test('CONNECT is nothing that this server does (RFC 9113 8.5)', async () => {
    const stream = session.request({
      ':method': 'CONNECT',
      ':authority': 'elsewhere:443',
      authorization: 'Bearer now.alice',
    });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(405);
  });
});
