import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ExampleProcess, OWN_ISSUER } from '../support/example-process.js';
import { signedToken } from '../support/signed-token.js';

const EXAMPLES = join(__dirname, '../../examples/frameworks/dist');
const ALICE = signedToken('alice', 'orders:read orders:write');
const BOB = signedToken('bob', 'orders:read');
const FORGED = signedToken('alice', 'orders:read', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

describe.each(['express', 'fastify', 'koa', 'http', 'hono'])('examples/frameworks, %s', (name) => {
  let example: ExampleProcess;
  beforeAll(async () => {
    example = await ExampleProcess.start(`frameworks/${name}`);
  });
  afterAll(async () => {
    expect(await example.stop()).toBe(0);
  });

  test('what was open stays open', async () => {
    const response = await example.call('GET', '/health');
    expect([response.status, await response.json()]).toEqual([200, { status: 'up' }]);
  });

  test('a route greets callers by name and others as guests, and takes no bad token', async () => {
    const answers = await Promise.all([undefined, BOB, FORGED].map((token) => example.call('GET', '/welcome', token)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401]);
    const bodies = await Promise.all(answers.slice(0, 2).map((answer) => answer.json()));
    expect(bodies).toEqual([{ hello: 'guest' }, { hello: 'bob' }]);
  });

  test('orders need a token, and say so (RFC 6750 3)', async () => {
    const response = await example.call('GET', '/orders');
    // Where one `secure()` stands in front of all routes, it does not know what they add.
    const scope = ['fastify', 'http'].includes(name) ? ', scope="orders:read"' : '';
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, `Bearer realm="orders"${scope}`]);
    expect(await response.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test('a token of another key is not one (RFC 6750 3.1)', async () => {
    const response = await example.call('GET', '/orders', FORGED);
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'invalid_token' }]);
  });

  test('ordering needs a scope that reading does not (RFC 6750 3.1)', async () => {
    const response = await example.call('POST', '/orders', BOB, '{"item":"tea"}');
    expect([response.status, await response.json()]).toMatchObject([403, { code: 'insufficient_scope' }]);
    expect(await (await example.call('GET', '/orders', BOB)).json()).toEqual([]);
  });

  test('an order is kept for its principal, and a body that is none is refused', async () => {
    const order = { id: 1, item: 'tea', orderedBy: 'alice' };
    const response = await example.call('POST', '/orders', ALICE, '{"item":"tea"}');
    expect([response.status, await response.json()]).toEqual([201, order]);
    expect((await example.call('POST', '/orders', ALICE, '{"item":7}')).status).toBe(422);
    expect(await (await example.call('GET', '/orders', BOB)).json()).toEqual([order]);
  });

  test('a target that two routers could read differently reaches nothing', async () => {
    expect([400, 404]).toContain((await example.call('GET', '/orders/%2e%2e%2fhealth', ALICE)).status);
  });
});

test('the development issuer gives a shell what the examples need', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLES, 'development-issuer.js'), 'carol']);
  const script = `${stdout}\nnode -p 'JSON.stringify(process.env)'`;
  const printed = await promisify(execFile)('bash', ['-c', script]);
  const { TOKEN, ...env } = JSON.parse(printed.stdout);
  const example = await ExampleProcess.start('frameworks/express', env);
  const response = await example.call('POST', '/orders', TOKEN, '{"item":"tea"}');
  expect([response.status, await response.json()]).toMatchObject([201, { orderedBy: 'carol' }]);
  await example.stop();
});

describe('examples/frameworks, lambda', () => {
  const EVENT = join(EXAMPLES, '../events/order-tea.json');

  /** The answer to the event, which may be changed before. */
  async function invoke(token: string, change: (event: string) => string = (event) => event): Promise<unknown[]> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-event-'));
    const file = join(folder, 'event.json');
    await writeFile(file, change(await readFile(EVENT, 'utf8')));
    const env = { ...process.env, ...OWN_ISSUER, TOKEN: token };
    const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLES, 'invoke.js'), file], { env });
    await rm(folder, { recursive: true });
    const { statusCode, body } = JSON.parse(stdout);
    return [statusCode, JSON.parse(body)];
  }

  test('the event of the file orders tea', async () => {
    expect(await invoke(ALICE)).toEqual([201, { id: 1, item: 'tea', orderedBy: 'alice' }]);
  });

  test('a token without the scope, a forged one and two of them are refused (RFC 6750 3.1)', async () => {
    const doubled = (event: string) => event.replace('["Bearer TOKEN"]', '["Bearer other", "Bearer TOKEN"]');
    expect(await Promise.all([invoke(BOB), invoke(FORGED), invoke(ALICE, doubled)])).toMatchObject([
      [403, { code: 'insufficient_scope' }],
      [401, { code: 'invalid_token' }],
      [400, { code: 'invalid_request' }],
    ]);
  });
});

describe('examples/frameworks, webhooks', () => {
  test('a delivery is taken as it was signed, and once (CWE-294, CWE-345)', async () => {
    const env = { WEBHOOK_SECRET: `whsec_${'k'.repeat(32)}` };
    const example = await ExampleProcess.start('frameworks/webhooks', env);
    expect((await example.call('GET', '/health')).status).toBe(200);
    expect((await example.call('POST', '/deliveries', ALICE, '{"item":"tea"}')).status).toBe(401);
    const arguments_ = [join(EXAMPLES, 'deliver.js'), example.origin, 'tea'];
    const { stdout } = await promisify(execFile)(process.execPath, arguments_, { env: { ...process.env, ...env } });
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^changed on its way: 401 /),
      expect.stringMatching(/^as it was signed: 201 \{"id":1,"item":"tea","orderedBy":"shop, in msg_[\w-]+"\}$/),
      expect.stringMatching(/^recorded and sent again: 401 /),
    ]);
    expect(await example.stop()).toBe(0);
  });
});

describe('examples/frameworks, API keys', () => {
  test('a partner reads orders by the key that the server printed, also after a restart (RFC 7617 2)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keys-'));
    const env = { KEY_SECRET: 'the secret of this deployment, 32 characters', KEY_FILE: join(folder, 'keys.jsonl') };
    let key = '';
    for (const round of ['first', 'second']) {
      const example = await ExampleProcess.start('frameworks/api-keys', env);
      if (round === 'first') key = /^export KEY=(\S+)$/m.exec(example.output)?.[1] ?? '';
      else expect(example.output).not.toContain('KEY=');
      const ask = async (headers: Record<string, string>) => {
        const answer = await fetch(`${example.origin}/orders`, { headers });
        return [answer.status, (await answer.text()).slice(0, 20)];
      };
      const user = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
      expect(await ask({ 'X-API-Key': key })).toEqual([200, '{"readBy":"web-shop"']);
      expect(await ask({ Authorization: user })).toEqual([200, '{"readBy":"web-shop"']);
      expect((await ask({ 'X-API-Key': `${key.slice(0, -1)}_` }))[0]).toBe(401);
      expect(await example.stop()).toBe(0);
    }
    await rm(folder, { recursive: true });
  });
});

describe('examples/frameworks, the WebSocket of http', () => {
  let example: ExampleProcess;
  beforeAll(async () => {
    example = await ExampleProcess.start('frameworks/http');
  });
  afterAll(() => example.stop());

  function watch(token?: string): WebSocket {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return new WebSocket(`${example.origin.replace('http', 'ws')}/orders`, { headers });
  }

  test('is refused without a token', async () => {
    const [, response] = await once(watch(), 'unexpected-response');
    expect(response.statusCode).toBe(401);
    response.resume();
  });

  test('greets its principal, and tells it of orders', async () => {
    const watcher = watch(BOB);
    expect(String((await once(watcher, 'message'))[0])).toBe('Hello, bob');
    const told = once(watcher, 'message');
    await example.call('POST', '/orders', ALICE, '{"item":"tea"}');
    expect(JSON.parse(String((await told)[0]))).toMatchObject({ item: 'tea', orderedBy: 'alice' });
    watcher.terminate();
  });

  test('is closed when its token expires', async () => {
    const watcher = watch(signedToken('bob', 'orders:read', undefined, 3));
    expect(String((await once(watcher, 'message'))[0])).toBe('Hello, bob');
    const [code, reason] = await once(watcher, 'close');
    expect([code, String(reason)]).toEqual([4401, 'expired']);
  });
});
