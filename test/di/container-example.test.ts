import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  container,
  overrideSecurity,
  registerConfigurationFile,
  registerSecurity,
  resolveChain,
} from '@sallyport/configuration/tsyringe';
import { AuthorizationServer, ask, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { ROOT } from '../repository/source-tree.js';
import { PartnerHandler } from './partner-handlers.js';

const EXAMPLE = join(ROOT, 'examples', 'di');

let corporate: AuthorizationServer;
let partner: AuthorizationServer;

beforeAll(async () => {
  [corporate, partner] = await Promise.all([AuthorizationServer.start(), AuthorizationServer.start()]);
});

afterAll(() => Promise.all([corporate.close(), partner.close()]));

const environment = () => ({
  CORPORATE_INTROSPECTION: corporate.introspectionEndpoint,
  CORPORATE_CLIENT_ID: corporate.clientId,
  CORPORATE_CLIENT_SECRET: corporate.clientSecret,
  PARTNER_INTROSPECTION: partner.introspectionEndpoint,
  PARTNER_CLIENT_ID: partner.clientId,
  PARTNER_CLIENT_SECRET: partner.clientSecret,
});

describe.each([
  ['with a container', []],
  ['without a container', ['--without-container']],
])('the example, run as a process: %s', (_way, parameters) => {
  const output: string[] = [];
  let child: ChildProcess;
  let lines: Interface;
  let origin: string;

  beforeAll(async () => {
    child = spawn(process.execPath, [join(EXAMPLE, 'dist', 'main.js'), ...parameters], {
      env: { ...process.env, ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => output.push(line));
    const [ready] = (await once(lines, 'line')) as [string];
    origin = ready.replace('Ready: ', '');
  });

  afterAll(() => {
    child.kill('SIGKILL');
    lines.close();
  });

  const call = async (target: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(origin + target, { method, headers });
    return {
      status: response.status,
      body: await response.text(),
      challenge: response.headers.get('www-authenticate'),
    };
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('tokens of either authority work at its own operations and nowhere else', async () => {
    const ours = (await corporate.as({ subject: 'alice', scopes: ['orders.read'] }, { opaque: true })).bearer;
    const theirs = (await partner.as({ subject: 'shop' }, { opaque: true })).bearer;
    expect(await call('/orders', bearer(ours))).toMatchObject({
      status: 200,
      body: '{"path":"/orders","caller":"alice"}',
    });
    expect(await call('/partner/orders', bearer(theirs))).toMatchObject({ status: 200 });
    expect((await call('/orders', bearer(theirs))).status).toBe(401);
    expect((await call('/partner/orders', bearer(ours))).status).toBe(401);
  });

  test('the contract asks for its scopes (RFC 6750 3.1)', async () => {
    const { bearer: token } = await corporate.as({ subject: 'bob' });
    const answer = await call('/orders', bearer(token));
    expect(answer.status).toBe(403);
    expect(answer.challenge).toContain('error="insufficient_scope"');
  });

  test('a client without a token learns whom to ask, and for which scopes (RFC 9728 5.1)', async () => {
    const { status, challenge } = await call('/orders');
    expect(status).toBe(401);
    const [, scope] = / scope="([^"]*)"/.exec(challenge ?? '') ?? [];
    const [, address = ''] = /resource_metadata="([^"]*)"/.exec(challenge ?? '') ?? [];
    expect([scope, address]).toEqual([
      'orders.read',
      'https://orders.example.com/.well-known/oauth-protected-resource',
    ]);
    const metadata = await call(new URL(address).pathname);
    expect(JSON.parse(metadata.body)).toEqual({
      resource: 'https://orders.example.com',
      authorization_servers: ['https://login.example.com', 'https://login.partner.example.com'],
      scopes_supported: expect.arrayContaining(['orders.read']),
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
    });
  });

  test("the server's own handler gets its collaborator, and its options from the file", async () => {
    expect(await call('/doors', { 'x-badge': 'badge-0001' }, 'POST')).toMatchObject({ status: 200 });
    expect(await call('/doors', { 'x-badge': 'badge-9999' }, 'POST')).toMatchObject({
      status: 401,
      challenge: 'Badge realm="doors", header="X-Badge"',
    });
  });

  test('its own guard is found by name', async () => {
    expect((await call('/doors', { 'x-badge': 'badge-0002' }, 'POST')).status).toBe(403);
  });

  test('an authority that fails makes 503, and the other one goes on', async () => {
    const { bearer: token } = await corporate.as({ subject: 'carol', scopes: ['orders.read'] });
    corporate.breakDown('introspection', { status: 500 });
    expect((await call('/orders', bearer(token))).status).toBe(503);
    expect((await call('/partner/orders', bearer((await partner.as({ subject: 'shop' })).bearer))).status).toBe(200);
    corporate.repair();
  });

  test('what needs no proof is open, what the contract does not know is not there', async () => {
    expect((await call('/health')).status).toBe(200);
    expect((await call('/nothing')).status).toBe(404);
  });

  test('decisions are told with the handler, and without credentials', async () => {
    expect(output.join('\n')).toContain('"reason":"badge_unknown","handlers":"badge:denied"');
    expect(output.join('\n')).not.toMatch(/badge-\d{4}|Bearer/);
  });

  test('it ends in order when it is told to', async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(output.at(-1)).toBe('Closed');
  });
});

test('with stand-ins for its authorities, every command that it prints works as printed', async () => {
  const child = spawn(process.execPath, [join(EXAMPLE, 'dist', 'development.js')], {
    env: { ...process.env, PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    printed.push(line);
    if (line.startsWith('Ready: ')) break;
  }
  const commands = printed.filter((line) => line.startsWith('curl '));
  const answers = await Promise.all(commands.map((command) => promisify(execFile)('bash', ['-c', command])));
  const told = printed
    .filter((line) => line.startsWith('# '))
    .map((title) => Number(/: (\d{3})$/.exec(title)?.[1] ?? 200));
  expect(answers.map(({ stdout }) => Number(stdout.split(' ')[1]))).toEqual(told);
  expect(told).toEqual([200, 200, 401, 200, 200, 403]);
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
});

/** The commands are printed before the server listens, so it cannot choose one. */
async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

describe('the production configuration in a test', () => {
  test('stays as it is: the environment names the servers of the test, and one clock is overridden', async () => {
    const clock = new ManualClock();
    const app = container.createChildContainer();
    registerSecurity(app, {
      kinds: { ...builtInHandlers, badge: { useClass: PartnerHandler }, onDuty: { guard: () => () => true } },
    });
    await registerConfigurationFile(app, join(EXAMPLE, 'security.yaml'), { environment: environment() });
    overrideSecurity(app, { clock });
    const chain = await resolveChain(app);
    const scopes = ['orders.read'];
    const expiresAt = clock.now() / 1_000 + 60;
    const sent = await corporate.as(
      { subject: 'alice', scopes, issuedAt: clock.now() / 1_000, expiresAt },
      { opaque: true },
    );
    expect(await ask(chain, 'GET /orders', sent)).toMatchObject({ status: 200, principal: { subject: 'alice' } });
    clock.pass(66);
    expect(await ask(chain, 'GET /orders', sent)).toMatchObject({ status: 401 });
    await chain.close();
  });
});
