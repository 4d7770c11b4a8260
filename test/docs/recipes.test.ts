import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { Agent, request } from 'undici';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

const TOKEN = /Bearer ([\w-]+)/;

describe('docs/recipes.md', () => {
  const guide = openGuide('docs/recipes.md');
  let server: DocumentedServer;
  const start = async (file: string) => {
    server = await DocumentedServer.start(guide.project.folder, file);
  };
  afterEach(() => server?.stop());

  const call = async (line: string, headers: Record<string, string> = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const { statusCode, body, headers: answered } = await request(server.origin + path, { method, headers });
    return { status: statusCode, text: await body.text(), location: answered['location'] };
  };
  const withToken = async () => ({ authorization: `Bearer ${await server.printed(TOKEN)}` });
  const writeKeyPair = async (name: string) => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
    guide.project.write(`${name}.pem`, cert);
    guide.project.write(`${name}-key.pem`, key);
    return { key, cert };
  };

  test('the chain knows what is open, and takes the token that the stand-in printed', async () => {
    await start('open-routes.js');
    expect(await call('GET /health')).toMatchObject({ status: 200, text: 'anonymous ' });
    expect(await call('GET /catalogue')).toMatchObject({ status: 200, text: 'anonymous ' });
    expect(await call('GET /catalogue', { authorization: 'Bearer bad' })).toMatchObject({ status: 401 });
    expect(await call('POST /orders/7')).toMatchObject({ status: 401 });
    expect(await call('POST /orders/7', await withToken())).toMatchObject({ status: 200, text: 'user alice' });
  });

  test('a bad credential goes on as nobody, and the application is told', async () => {
    await start('attempt.js');
    expect(await call('GET /')).toMatchObject({ status: 200, text: 'Please log in' });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'Hello, alice' });
    const bad = await call('GET /', { authorization: 'Bearer bad' });
    expect(bad).toMatchObject({ status: 200, text: expect.stringMatching(/^Please log in again: denied, [a-z_]+$/) });
  });

  test('a rule of the reader lets colleagues in', async () => {
    await start('own-rule.js');
    expect(await call('GET /')).toMatchObject({ status: 401 });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'Hello, colleague' });
  });

  test('the inner URL is judged where the application strips a prefix', async () => {
    await start('strip-a-prefix.js');
    expect(await call('GET /v1/orders')).toMatchObject({ status: 401 });
    expect(await call('GET /v1/orders', await withToken())).toMatchObject({ status: 200, text: 'orders of alice' });
    expect(await call('GET /v1/admin', await withToken())).toMatchObject({ status: 403 });
  });

  test('refusals are logged, with the address that the proxy saw', async () => {
    const both = "console.warn = console.log; await import('./log-refusals.js'); await import('./behind-a-proxy.js');";
    guide.project.write('logged.js', both);
    await start('logged.js');
    await call('GET /orders', { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' });
    expect(JSON.parse(await server.printed(/^(\{.*\})$/))).toMatchObject({
      status: 401,
      reason: 'credentials_missing',
      remoteAddress: '203.0.113.9',
    });
  });

  test('refusals are answered as the reader says', async () => {
    await start('own-answers.js');
    expect(await call('GET /orders', { accept: 'text/html' })).toMatchObject({ status: 302, location: '/login' });
    const { status, text } = await call('GET /orders');
    expect([status, JSON.parse(text)]).toEqual([401, expect.objectContaining({ error: 'unauthenticated' })]);
    expect(await call('GET /orders', await withToken())).toMatchObject({ status: 200 });
  });

  test('users come from a file that the shell command made', async () => {
    const hashing = `import { hashPassword } from '@sallyport/handlers/basic';
      console.log('reporting:' + await hashPassword('a long passphrase'))`;
    guide.project.write('machines.htpasswd', await guide.project.node(['--input-type=module', '-e', hashing]));
    guide.project.write('machines.groups', 'readers: reporting\n');
    await start('users.js');
    const login = (password: string) => ({
      authorization: `Basic ${Buffer.from(`reporting:${password}`).toString('base64')}`,
    });
    expect(await call('GET /', login('a long passphrase'))).toMatchObject({ status: 200, text: 'reporting' });
    expect(await call('GET /', login('another passphrase'))).toMatchObject({ status: 401 });
  });

  test('a revoked subject is refused with its next request', async () => {
    await start('revoke.js');
    const headers = await withToken();
    expect(await call('GET /orders', headers)).toMatchObject({ status: 200 });
    expect(await call('POST /log-out-everywhere', headers)).toMatchObject({ status: 204 });
    expect(await call('GET /orders', headers)).toMatchObject({ status: 401 });
  });

  test('clients are known by their certificates', async () => {
    const { key, cert } = await writeKeyPair('reporting');
    await writeKeyPair('server');
    await start('client-certificates.js');
    const ask = async (tls: object) => {
      const dispatcher = new Agent({ connect: { ...tls, rejectUnauthorized: false } });
      const { statusCode, body } = await request(server.origin.replace('http:', 'https:'), { dispatcher });
      const text = await body.text();
      await dispatcher.close();
      return [statusCode, text];
    };
    expect(await ask({ key, cert })).toEqual([200, 'Hello, reporting']);
    expect(await ask({})).toEqual([401, expect.any(String)]);
  });

  test('the server stops in an orderly way', async () => {
    await start('start-and-stop.js');
    expect(await call('GET /', { ...(await withToken()), connection: 'close' })).toMatchObject({
      text: 'Hello, alice',
    });
    expect(await server.stop()).toBe(0);
  });

  test('handlers with other lifetimes and other client authentication can be made', async () => {
    await Promise.all(['company-ca', 'orders'].map(writeKeyPair));
    await guide.project.node(['remember-longer.js']);
    await guide.project.node(['client-authentication.js']);
    await guide.project.node(['outbound.js']);
  });

  test('the test of routes passes', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'app.test.js']);
    expect(report).toMatch(/^# pass 1$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });

  const testWithRedis = HAS_REDIS ? test : test.skip;
  testWithRedis(
    `instances tell each other what is revoked${HAS_REDIS ? '' : ' (skipped: no redis-server)'}`,
    async () => {
      const redis = await RedisServer.start();
      await redis.client();
      const script = `const { start, close, revocations } = await import('./several-instances.js');
      await start();
      console.log(await revocations.revokeSubject('alice'));
      await close();`;
      guide.project.write('instances.js', script);
      const env = {
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        SECURITY_SECRET: 'a secret of at least 32 characters',
      };
      expect(await guide.project.node(['instances.js'], env)).toBe('true\n');
      await redis.stop();
    },
  );
});
