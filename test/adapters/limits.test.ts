import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fetchSecurity } from '@sallyport/adapters/fetch';
import { httpSecurity } from '@sallyport/adapters/http';
import { anonymous, concurrencyLimit, type DecisionEvent, rateLimit, SecurityChain } from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { ManualClock } from '@sallyport/core/testing';
import { DemoTokens } from './demo-chain.js';
import { ADAPTERS, type DemoServer, listening } from './demo-servers.js';
import { type RawAnswer, RawClient, requestText } from './raw-client.js';

const ALICE = ['Authorization: Bearer now.alice'];
const AT_ONCE = { name: 'at-once', limit: 1 };
const FIELDS = /^(ratelimit|retry-after)/i;

let server: DemoServer | undefined;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.close();
  server = undefined;
});

/** HTTP/2 requests run through the same code; `RawClient` speaks HTTP/1.1. */
const ROWS = ADAPTERS.filter(({ protocol }) => protocol !== 'h2');

describe.each(ROWS)('$name', ({ open, protocol }) => {
  async function connected(): Promise<RawClient> {
    const client = await RawClient.connect((server as DemoServer).port, protocol);
    clients.push(client);
    return client;
  }
  const told = ({ status, lines }: RawAnswer) =>
    [`${status}`, ...lines.filter((line) => FIELDS.test(line)).toSorted()].join('; ').toLowerCase();

  test('answers 429 with the same fields as every other adapter, and counts each request once', async () => {
    const clock = new ManualClock();
    const chain = new SecurityChain(
      {
        requirement: new DemoTokens(),
        limits: [rateLimit({ name: 'net', limit: 100, windowSeconds: 60, by: 'network' }, { clock })],
        guards: [rateLimit({ name: 'user', limit: 2, windowSeconds: 10 }, { clock })],
      },
      { clock },
    );
    server = await open(chain);
    const client = await connected();
    const answers = [];
    for (const path of ['/', '/orders', '/']) {
      answers.push(told(await client.send(requestText('GET', path, ALICE)).answer()));
    }
    const policy = 'ratelimit-policy: "net";q=100;w=60, "user";q=2;w=10';
    expect(answers).toEqual([
      `200; ${policy}; ratelimit: "net";r=99;t=60, "user";r=1;t=10`,
      `200; ${policy}; ratelimit: "net";r=98;t=60, "user";r=0;t=10`,
      `429; ${policy}; ratelimit: "net";r=97;t=60, "user";r=0;t=10; retry-after: 10`,
    ]);
  });

  test('gives no place to a request after its deadline: nobody would give it back', async () => {
    const clock = new ManualClock();
    const held: (() => void)[] = [];
    const hold = (_principal: unknown, { path }: SecurityRequest) =>
      path === '/orders' ? new Promise<boolean>((resolve) => held.push(() => resolve(true))) : true;
    const chain = new SecurityChain(
      { requirement: new DemoTokens(), guards: [hold, concurrencyLimit(AT_ONCE)], deadlineMs: 1_000 },
      { clock },
    );
    server = await open(chain);
    const client = await connected();
    const late = client.send(requestText('GET', '/orders', ALICE));
    for (let turn = 0; turn < 500 && held.length === 0; turn += 1) await sleep(1);
    clock.pass(1.1);
    expect((await late.answer()).status).toBe(503);
    for (const release of held) release();
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await client.send(requestText('GET', '/', ALICE)).answer()).status).toBe(200);
      await sleep(5);
    }
  });

  test('tells the end at once to who asks after it', async () => {
    const requests: SecurityRequest[] = [];
    const keep = (_principal: unknown, request: SecurityRequest) => {
      requests.push(request);
      return request.path !== '/orders';
    };
    server = await open(new SecurityChain({ requirement: new DemoTokens(), guards: [keep] }));
    const client = await connected();
    for (const path of ['/', '/orders']) await client.send(requestText('GET', path, ALICE)).answer();
    expect(requests.length).toBeGreaterThan(1);
    await sleep(20);
    let told = 0;
    for (const request of requests) SecurityRequest.onEnd(request, () => (told += 1));
    expect(told).toBe(requests.length);
  });

  test('gives a place back when the answer was written', async () => {
    const chain = new SecurityChain({
      requirement: new DemoTokens(),
      guards: [concurrencyLimit({ name: 'at-once', limit: 1 })],
    });
    server = await open(chain);
    const other = await connected();
    const ask = async () => told(await other.send(requestText('GET', '/', ALICE)).answer());
    const settled = async (status: number) => {
      let last = await ask();
      for (let turn = 0; turn < 500 && !last.startsWith(`${status}`); turn += 1) last = await ask();
      return last;
    };
    const half = requestText('POST', '/echo', [...ALICE, 'Content-Length: 4', 'Content-Type: text/plain']);
    const slow = (await connected()).send(`${half}ab`);
    expect(await settled(429)).toBe(
      '429; ratelimit-policy: "at-once";q=1;qu="concurrent-requests"; ratelimit: "at-once";r=0; retry-after: 1',
    );
    expect((await slow.send('cd').answer()).status).toBe(200);
    expect(await settled(200)).toMatch(/^200/);
  });
});

describe('a place among requests at once', () => {
  test('is free again when the connection ends while the answer waits behind another one (RFC 9112 9.3.2)', async () => {
    const chain = new SecurityChain({
      requirement: anonymous(),
      guards: [concurrencyLimit({ ...AT_ONCE, limit: 2, by: 'everybody' })],
    });
    let read = 0;
    const answer = httpSecurity(chain)((request, response) => {
      if (request.url === '/answered') response.end();
      else request.resume().once('end', () => (read += 1));
    });
    server = await listening(createServer(answer));
    const { port } = server;
    const first = await RawClient.connect(port);
    const body = requestText('POST', '/waits', ['Content-Length: 2']);
    first.send(`${requestText('GET', '/waits')}${body}ab`);
    for (let turn = 0; turn < 500 && read < 2; turn += 1) await sleep(1);
    expect(read).toBe(2);
    first.close();
    const ask = async () => {
      const next = await RawClient.connect(port);
      clients.push(next);
      return (await next.send(requestText('GET', '/answered')).answer()).status;
    };
    let last = await ask();
    for (let turn = 0; turn < 100 && last !== 200; turn += 1) last = await ask();
    expect(last).toBe(200);
    // Both places: one request holds one, and another still passes.
    const holding = await RawClient.connect(port);
    clients.push(holding);
    holding.send(requestText('GET', '/waits'));
    for (let turn = 0; turn < 500 && read < 3; turn += 1) await sleep(1);
    for (let turn = 0; turn < 3; turn += 1) expect(await ask()).toBe(200);
  });

  test('of a Request alone that was refused later, is free at once', async () => {
    const requests: SecurityRequest[] = [];
    const refuse = async (_principal: unknown, request: SecurityRequest) => {
      requests.push(request);
      return false;
    };
    const chain = new SecurityChain({ requirement: anonymous(), guards: [refuse] });
    const handler = fetchSecurity(chain)(() => new Response('never'));
    expect((await handler(new Request('http://localhost/'))).status).toBe(403);
    let told = 0;
    for (const request of requests) SecurityRequest.onEnd(request, () => (told += 1));
    expect(told).toBe(1);
  });

  test('is free again when the client has gone before it was answered', async () => {
    const chain = new SecurityChain({
      requirement: anonymous(),
      limits: [concurrencyLimit({ ...AT_ONCE, by: 'network' })],
    });
    let again = () => {};
    const letInAgain = new Promise<void>((resolve) => {
      again = resolve;
    });
    let letIn = 0;
    server = await listening(
      createServer(
        httpSecurity(chain)(() => {
          letIn += 1;
          if (letIn === 2) again();
        }),
      ),
    );
    const { port } = server;
    const ask = () => RawClient.connect(port);
    const first = (await ask()).send(requestText('GET', '/'));
    const second = await ask();
    let refused = 0;
    for (let turn = 0; turn < 500 && refused === 0; turn += 1) {
      refused += Number((await second.send(requestText('GET', '/')).answer()).status === 429);
    }
    expect(refused).toBe(1);
    first.close();
    for (let turn = 0; turn < 500 && letIn < 2; turn += 1) {
      const next = (await ask()).send(requestText('GET', '/'));
      clients.push(next);
      await Promise.race([next.answer(), letInAgain]);
    }
    expect(letIn).toBe(2);
    second.close();
  });

  test('is never given without knowing its end: an adapter that cannot tell is a bug, 500', async () => {
    const told: DecisionEvent[] = [];
    const chain = new SecurityChain(
      { requirement: anonymous(), guards: [concurrencyLimit(AT_ONCE)] },
      { listeners: [(event) => void told.push(event)] },
    );
    const source = { method: 'GET', target: '/', rawHeaders: [] };
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await chain.decide(new SecurityRequest(source))).toMatchObject({ status: 500 });
    }
    expect(told[0]?.fault?.message).toContain('needs an adapter that tells when an answer has ended (onEnd)');
  });

  test('of a fetch handler without a server of Node is free when it has answered, or failed', async () => {
    const chain = new SecurityChain({
      requirement: anonymous(),
      limits: [concurrencyLimit({ ...AT_ONCE, by: 'everybody' })],
    });
    const waiting: ((answer: Response) => void)[] = [];
    const handler = fetchSecurity(chain)(async (request: Request) => {
      if (request.url.endsWith('/fails')) throw new Error('failed');
      return new Promise<Response>((resolve) => waiting.push(resolve));
    });
    const first = handler(new Request('http://localhost/'));
    expect((await handler(new Request('http://localhost/'))).status).toBe(429);
    waiting[0]?.(new Response('done'));
    expect((await first).status).toBe(200);
    await expect(handler(new Request('http://localhost/fails'))).rejects.toThrow('failed');
    void handler(new Request('http://localhost/'));
    expect(waiting).toHaveLength(2);
  });
});
