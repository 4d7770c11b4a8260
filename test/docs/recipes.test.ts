import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { Agent, request } from 'undici';
import { fromGithub, SECRET } from '../handlers/webhook/deliveries.js';
import { documentOf } from '../support/markdown.js';
import { HAS_REDIS, RedisServer } from '../support/redis-server.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

const TOKEN = /Bearer ([\w.-]+)'/;

/** A token as the login of an application signs it. */
function ownToken(alg: 'HS256' | 'ES256', claims: object, key: string | KeyObject): string {
  const parts = [{ alg, typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const input = parts.join('.');
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(input).digest()
      : sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

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

  test('the index names every section, and leads there', () => {
    const text = documentOf('docs/recipes.md');
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title.toLowerCase());
    const index = [...text.slice(0, text.indexOf('\n## ')).matchAll(/\[([^\]]+)\]\(#([\w-]+)\)/g)];
    expect(index.map(([, title = '']) => title.toLowerCase())).toEqual(sections);
    expect(index.map(([, , anchor]) => anchor)).toEqual(
      sections.map((title) => title.replace(/[^\w\- ]/g, '').replaceAll(' ', '-')),
    );
  });

  test('the chain knows what is open, and takes the token that the stand-in printed', async () => {
    await start('open-routes.js');
    expect(await call('GET /health')).toMatchObject({ status: 200, text: 'anonymous ' });
    expect(await call('GET /catalogue')).toMatchObject({ status: 200, text: 'anonymous ' });
    expect(await call('GET /catalogue', { authorization: 'Bearer bad' })).toMatchObject({ status: 401 });
    expect(await call('POST /orders/7')).toMatchObject({ status: 401 });
    expect(await call('POST /orders/7', await withToken())).toMatchObject({ status: 200, text: 'user alice' });
  });

  test('the first server of the README takes the token of the stand-in, and asks for the scope', async () => {
    await start('shop.js');
    expect(await call('GET /orders')).toMatchObject({ status: 401 });
    expect(JSON.parse((await call('GET /orders', await withToken())).text)).toEqual({ orders: [], caller: 'alice' });
    expect(await call('POST /orders', await withToken())).toMatchObject({ status: 403 });
  });

  test('a route has a requirement of its own', async () => {
    await start('one-route.js');
    const bearer = await withToken();
    const key = { 'x-partner-key': 'key-of-acme' };
    expect(await call('GET /articles/a')).toMatchObject({ status: 200, text: 'a for everybody' });
    expect(await call('GET /articles/a', bearer)).toMatchObject({ status: 200, text: 'a for alice' });
    expect(await call('GET /articles/a', { authorization: 'Bearer bad' })).toMatchObject({ status: 401 });
    expect(await call('GET /orders', key)).toMatchObject({ status: 200, text: 'Hello, acme' });
    expect(await call('GET /orders', bearer)).toMatchObject({ status: 200, text: 'Hello, alice' });
    expect(await call('GET /orders')).toMatchObject({ status: 401 });
    expect(await call('GET /me', key)).toMatchObject({ status: 401 });
    expect(await call('GET /me', bearer)).toMatchObject({ status: 200, text: 'alice' });
  });

  test('a bad credential goes on as nobody, and the application is told', async () => {
    await start('attempt.js');
    expect(await call('GET /')).toMatchObject({ status: 200, text: 'Please log in' });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'Hello, alice' });
    const bad = await call('GET /', { authorization: 'Bearer bad' });
    expect(bad).toMatchObject({ status: 200, text: expect.stringMatching(/^Please log in again: denied, [a-z_]+$/) });
  });

  test('a browser gets a page, and all others problem details', async () => {
    await start('pages-for-browsers.js');
    const page = await call('GET /', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(page).toMatchObject({ status: 401, text: expect.stringMatching(/^<!doctype html><title>Unauthorized</) });
    const other = await call('GET /', { accept: 'application/json' });
    expect([other.status, JSON.parse(other.text)]).toMatchObject([401, { code: 'unauthenticated' }]);
  });

  test('a rule of the reader lets colleagues in', async () => {
    await start('own-rule.js');
    expect(await call('GET /')).toMatchObject({ status: 401 });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'Hello, colleague' });
  });

  test('a payment asks for a stronger and newer login, and takes it', async () => {
    const withLogin = `const { authority } = await import('./security.js');
      const login = { acr: 'urn:example:mfa', auth_time: Math.floor(Date.now() / 1000) - 10 };
      const { bearer } = await authority.as({ subject: 'alice', claims: login }, { opaque: true });
      console.log('strong: ' + bearer);
      await import('./step-up.js');`;
    guide.project.write('stepped-up.js', withLogin);
    await start('stepped-up.js');
    const strong = await server.printed(/strong: (\S+)/);
    const refused = await request(server.origin, { headers: await withToken() });
    await refused.body.dump();
    expect(refused.statusCode).toBe(401);
    const said = documentOf('docs/recipes.md').match(/^WWW-Authenticate: (.*insufficient_user.*)$/m)?.[1];
    expect(refused.headers['www-authenticate']).toBe(said);
    expect(await call('GET /', { authorization: `Bearer ${strong}` })).toMatchObject({ status: 200, text: 'Paid' });
  });

  test('who acts for a user is known, and has to be named', async () => {
    const withActors = `const { authority } = await import('./security.js');
      for (const [name, act] of [['support', { sub: 'https://support.example' }], ['other', { sub: 'mallory' }]]) {
        const { bearer } = await authority.as({ subject: 'alice', claims: { act } }, { opaque: true });
        console.log(name + ': ' + bearer);
      }
      await import('./who-acts.js');`;
    guide.project.write('acting.js', withActors);
    await start('acting.js');
    const by = async (pattern: RegExp) => ({ authorization: `Bearer ${await server.printed(pattern)}` });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'alice, by nobody else' });
    const support = { status: 200, text: 'alice, by https://support.example' };
    expect(await call('GET /', await by(/support: (\S+)/))).toMatchObject(support);
    expect(await call('GET /', await by(/other: (\S+)/))).toMatchObject({ status: 403 });
  });

  test('a scope that the compiler knows is asked for', async () => {
    await start('typed-scopes.js');
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'Read' });
  });

  test('the user is loaded, and a caller without one may do nothing', async () => {
    const withBob = `const { authority } = await import('./security.js');
      const { bearer } = await authority.as({ subject: 'bob' }, { opaque: true });
      console.log('bob: ' + bearer);
      await import('./load-user.js');`;
    guide.project.write('loaded.js', withBob);
    await start('loaded.js');
    const bob = { authorization: `Bearer ${await server.printed(/^bob: (.+)$/)}` };
    expect(await call('GET /')).toMatchObject({ status: 401 });
    expect(await call('GET /', await withToken())).toMatchObject({ status: 200, text: 'user 7' });
    expect(await call('GET /', bob)).toMatchObject({ status: 403 });
  });

  test('where the database of users is down, nobody gets in, and that is an outage', async () => {
    const code = readFileSync(join(guide.project.folder, 'load-user.js'), 'utf8');
    const down = code.replace('=> users.get(subject)', "=> Promise.reject(new Error('down'))");
    expect(down).not.toBe(code);
    guide.project.write('user-database-down.js', down);
    await start('user-database-down.js');
    expect(await call('GET /', await withToken())).toMatchObject({ status: 503 });
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

  test('the chain tells why about one token', async () => {
    const printed = await guide.project.node(['why.js', 'unknown']);
    expect(printed).toContain('GET /orders denied 401 token_inactive by introspection');
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

  test('a delivery of GitHub is taken at its route, and a token at the others', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'webhooks.js', { GITHUB_SECRET: SECRET });
    const body = '{"zen":"Design for failure."}';
    const deliver = async (headers: Record<string, string>) => {
      const type = { 'content-type': 'application/json' };
      const options = { method: 'POST' as const, headers: { ...type, ...headers }, body };
      const answer = await request(`${server.origin}/hooks/github`, options);
      return [answer.statusCode, await answer.body.text()];
    };
    expect(await deliver(fromGithub(body))).toEqual([200, 'github: Design for failure.']);
    expect(await deliver(fromGithub(`${body} `))).toMatchObject([401, expect.anything()]);
    expect(await deliver(await withToken())).toMatchObject([401, expect.anything()]);
    expect(await call('GET /orders', await withToken())).toMatchObject({ status: 200 });
    expect(await call('GET /orders', fromGithub(''))).toMatchObject({ status: 401 });
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

  test('a token that was revoked a moment ago is refused where nothing remembered is taken', async () => {
    const revoking = `const { authority } = await import('./security.js');
      const { bearer } = await authority.as({ subject: 'bob' }, { opaque: true });
      console.log('bob: ' + bearer);
      process.on('SIGUSR2', () => {
        authority.revoke(bearer);
        console.log('revoked: it');
      });
      await import('./no-old-answers.js');`;
    guide.project.write('revoking.js', revoking);
    await start('revoking.js');
    const bearer = { authorization: `Bearer ${await server.printed(/bob: (\S+)/)}` };
    expect(await call('GET /orders', bearer)).toMatchObject({ status: 200 });
    server.signal('SIGUSR2');
    await server.printed(/revoked: (it)/);
    expect(await call('GET /orders', bearer)).toMatchObject({ status: 200 });
    expect(await call('POST /orders', bearer)).toMatchObject({ status: 200 });
    expect(await call('DELETE /account', bearer)).toMatchObject({ status: 401 });
    expect(await call('GET /orders', bearer)).toMatchObject({ status: 401 });
  });

  test('handlers with other lifetimes and other client authentication can be made', async () => {
    await Promise.all(['company-ca', 'orders'].map(writeKeyPair));
    await guide.project.node(['remember-longer.js']);
    await guide.project.node(['authorization-servers.js']);
    await guide.project.node(['outbound.js']);
  });

  test('old tokens without issuer and new ones are good, each by its own key alone', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
    const secret = 'a secret of at least 32 characters';
    const iat = Math.floor(Date.now() / 1_000);
    const old = { sub: 'alice', iat, exp: iat + 60 };
    const fresh = { ...old, iss: 'https://shop.example.com', aud: 'orders' };
    const rows: readonly (readonly [token: string, outcome: string])[] = [
      [ownToken('HS256', old, secret), 'granted'],
      [ownToken('ES256', fresh, privateKey), 'granted'],
      [ownToken('HS256', fresh, secret), 'algorithm_not_allowed'],
      [ownToken('ES256', old, privateKey), 'algorithm_not_allowed'],
      [ownToken('HS256', fresh, pem), 'algorithm_not_allowed'],
      [ownToken('HS256', old, pem), 'signature_invalid'],
      [ownToken('ES256', { ...fresh, aud: 'another' }, privateKey), 'audience_mismatch'],
    ];
    guide.project.write('shop-public.pem', pem);
    const script = `import { ask } from '@sallyport/core/testing';
      import { chain } from './from-hs256-to-es256.js';
      const asked = ${JSON.stringify(rows)}.map(([bearer]) => ask(chain, 'GET /', { bearer }));
      console.log(JSON.stringify((await Promise.all(asked)).map(({ reason }) => reason ?? 'granted')));`;
    guide.project.write('both.js', script);
    const printed = await guide.project.node(['both.js'], { JWT_SECRET: secret });
    expect(JSON.parse(printed)).toEqual(rows.map(([, outcome]) => outcome));
    await guide.project.node(['without-audience.js']);
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
