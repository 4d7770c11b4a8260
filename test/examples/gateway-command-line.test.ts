import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { bearer, type Client, GATEWAY_MAIN, GatewayProcess } from '../support/gateway-process.js';

interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ending> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [GATEWAY_MAIN, ...args],
      { env: { ...process.env, ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

async function withBusyPort(use: (port: number) => Promise<void>): Promise<void> {
  const occupant = createServer().listen(0);
  await once(occupant, 'listening');
  await use((occupant.address() as AddressInfo).port);
  occupant.close();
  await once(occupant, 'close');
}

describe('a port in use gives one clear line and exit code 1', () => {
  test.each(['--port', '--token-port'])('%s', async (flag) => {
    const other = flag === '--port' ? '--token-port' : '--port';
    await withBusyPort(async (port) => {
      const { code, stdout, stderr } = await run([flag, String(port), other, '0']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toBe(`gateway: port ${port} is in use; choose another with --port or --token-port\n`);
    });
  });

  test.each([
    ['GATEWAY_PORT', 'TOKEN_PORT'],
    ['TOKEN_PORT', 'GATEWAY_PORT'],
  ] as const)('from the environment, too: %s', async (busy, free) => {
    await withBusyPort(async (port) => {
      const { code, stderr } = await run([], { [busy]: String(port), [free]: '0' });
      expect([code, stderr.includes(`port ${port} is in use`)]).toEqual([1, true]);
    });
  });
});

describe('a command line that makes no sense gives one line and exit code 2', () => {
  test.each([
    ['an unknown flag', ['--prot', '1'], {}],
    ['a port that is no number', ['--port', 'x'], {}],
    ['a port that is too large', ['--port', '65536'], {}],
    ['a negative port', ['--port=-1'], {}],
    ['a fraction', ['--port', '1.5'], {}],
    ['a stray word', ['start'], {}],
    ['a flag without its value', ['--port'], {}],
    ['a life of nothing', ['--access-token-ttl', '0'], {}],
    ['an endpoint without its certificate', ['--introspection-endpoint', 'https://localhost/introspect'], {}],
    ['an environment that is no number', [], { GATEWAY_PORT: 'x' }],
  ] as const)('%s', async (_what, args, env) => {
    const { code, stdout, stderr } = await run(args, env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^gateway: [^\n]+; --help tells the flags\n$/);
  });

  test.each([
    ['--prot', '--port'],
    ['--token-prot', '--token-port'],
    ['--wso2-compatibel', '--wso2-compatible'],
  ])('%s names the nearest flag', async (wrong, right) => {
    expect((await run([wrong, '1'])).stderr).toContain(`did you mean ${right.slice(2)}?`);
  });

  test('--help tells the flags and ends with 0', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const flag of ['--host', '--port', '--token-port', '--access-token-ttl', '--wso2-compatible'])
      expect(stdout).toContain(flag);
  });
});

test('a request that comes while the gateway starts is answered', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  occupant.close();
  await once(occupant, 'close');
  const starting = GatewayProcess.start(['--host', '127.0.0.1', '--port', String(port)]);
  const first = await firstAnswer(`https://localhost:${port}/api/am/gateway/v1/swagger.json`);
  const gateway = await starting;
  await gateway.stop();
  expect(first).toBe(200);
});

/** The status of the first answer from an address at which nobody listens yet. */
async function firstAnswer(url: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    for (;;) {
      try {
        return (await request(url, { dispatcher })).statusCode;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      }
    }
  } finally {
    await dispatcher.destroy();
  }
}

describe('the gateway ends cleanly', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('on %s, also with a connection open', async (signal) => {
    const gateway = await GatewayProcess.start();
    expect((await gateway.api('/swagger.json', {}, '')).status).toBe(200);
    expect(await gateway.stop(signal)).toEqual([0, null]);
  });
});

test('an expired token is refused, also when its answer is cached (RFC 6750 3.1, RFC 7662 4)', async () => {
  const gateway = await GatewayProcess.start(['--access-token-ttl', '2']);
  try {
    const payload = { clientName: 'short', owner: 'admin', grantType: 'client_credentials password', saasApp: true };
    const client = (await gateway.register(payload)).json as Client;
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    // The first login takes longest, and the token lives for two seconds only.
    await gateway.api('/end-points', bearer((await gateway.token(client, form)).json['access_token']));
    const answer = await gateway.token(client, form);
    expect(answer.json['expires_in']).toBe(2);
    const token = bearer(answer.json['access_token']);
    expect((await gateway.api('/end-points', token)).status).toBe(200);
    let last = await gateway.api('/end-points', token);
    // The process runs on the machine's clock, so its answers are what tells the time.
    while (last.status === 200) last = await gateway.api('/end-points', token);
    expect(last.status).toBe(401);
    expect(last.headers['www-authenticate']?.[0]).toContain('error="invalid_token"');
  } finally {
    await gateway.stop();
  }
}, 30_000);

test('--wso2-compatible refuses a missing scope as WSO2 does, and nothing else (checklist 24)', async () => {
  const gateway = await GatewayProcess.start(['--wso2-compatible']);
  try {
    const payload = { clientName: 'compatible', owner: 'admin', grantType: 'password', saasApp: true };
    const client = (await gateway.register(payload)).json as Client;
    const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
    const token = bearer((await gateway.token(client, form)).json['access_token']);
    const refused = await gateway.api('/redeploy-api', token);
    expect(refused.status).toBe(401);
    expect(refused.json).toEqual({
      code: 401,
      message: '',
      description: 'Unauthenticated request',
      moreInfo: '',
      error: [],
    });
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect((await gateway.api('/end-points', token)).status).toBe(200);
    const anonymous = await gateway.api('/end-points');
    expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([401, expect.any(Array)]);
  } finally {
    await gateway.stop();
  }
});
