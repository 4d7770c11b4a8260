import { execFile, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  adapterRules,
  cacheStoreRules,
  counterStoreRules,
  handlerRules,
  onceStoreRules,
} from '@sallyport/core/testing';
import { apiKeyStoreRules } from '@sallyport/handlers/testing';
import { request } from 'undici';
import { KeyFormat } from '../../packages/handlers/src/api-key/form/key-format.js';
import { fromGithub, fromStripe, OLD_SECRET, SECRET } from '../handlers/webhook/deliveries.js';
import { blocksOf } from './document-project.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

/** Rules are counted here, and run in the guides. */
const unused = (): never => {
  throw new Error('never called');
};

describe('docs/writing-a-handler.md', () => {
  const guide = openGuide('docs/writing-a-handler.md');
  const linesOf = (name: string) => {
    const code = blocksOf('docs/writing-a-handler.md').find(({ file }) => file === name)?.code ?? '';
    return code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//')).length;
  };

  test('a handler and its test are 40 lines together, at most', () => {
    expect(linesOf('partner-key.ts')).toBeGreaterThan(5);
    expect(linesOf('partner-key.ts') + linesOf('partner-key.test.ts')).toBeLessThanOrEqual(40);
  });

  test('the test passes, the rules of handlers included', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'partner-key.test.js']);
    expect(report).toMatch(new RegExp(`^# pass ${1 + handlerRules(unused, unused).length}$`, 'm'));
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('the handler with a proof over the body passes its test', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'signed-body.test.js']);
    expect(report).toMatch(new RegExp(`^# pass ${1 + handlerRules(unused, unused).length}$`, 'm'));
    expect(report).toMatch(/^# fail 0$/m);
  });

  test.each(['express.js', 'fastify.js', 'contained.js'])('%s is secured by the handler', async (file) => {
    const server = await DocumentedServer.start(guide.project.folder, file);
    const ask = async (key: string) => {
      const { statusCode, body } = await request(`${server.origin}/orders`, { headers: { 'x-partner-key': key } });
      return [statusCode, await body.text()];
    };
    expect(await ask('key-of-alice')).toEqual([200, 'Hello, alice']);
    expect(await ask('key-of-mallory')).toEqual([401, expect.stringContaining('"status":401')]);
    await server.stop();
  });

  test('the class of its own takes signed links', async () => {
    guide.project.write(
      'signed-links.mjs',
      `import { createHmac } from 'node:crypto';
      import { SecurityChain } from '@sallyport/core';
      import { ask } from '@sallyport/core/testing';
      import { SignedLinkHandler } from './signed-link.js';
      const signature = createHmac('sha256', 'secret').update('/report alice').digest('base64url');
      const chain = new SecurityChain({ requirement: new SignedLinkHandler('secret') });
      for (const query of ['user=alice&signature=' + signature, 'user=bob&signature=' + signature, 'signature=a', '']) {
        console.log((await ask(chain, 'GET /report?' + query)).status);
      }`,
    );
    expect(await guide.project.node(['signed-links.mjs'])).toBe('200\n401\n400\n401\n');
  });
});

describe('docs/writing-an-adapter.md', () => {
  const guide = openGuide('docs/writing-an-adapter.md');

  test('the adapter keeps the rules of adapters', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'polka-security.test.js']);
    expect(report).toMatch(new RegExp(`^# pass ${adapterRules(unused).length}$`, 'm'));
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('orders.js is secured by it', async () => {
    const server = await DocumentedServer.start(guide.project.folder, 'orders.js');
    const ask = async (key: string) => {
      const { statusCode, body } = await request(`${server.origin}/orders`, { headers: { 'x-partner-key': key } });
      return [statusCode, await body.text()];
    };
    expect(await ask('key-of-alice')).toEqual([200, 'Hello, alice']);
    expect(await ask('key-of-mallory')).toEqual([401, expect.stringContaining('"status":401')]);
    await server.stop();
  });
});

describe('docs/writing-a-store.md', () => {
  const guide = openGuide('docs/writing-a-store.md');

  test.each([
    ['folder-store.test.js', cacheStoreRules(unused).length],
    ['map-counters.test.js', counterStoreRules(unused).length],
    ['map-marks.test.js', onceStoreRules(unused).length],
    ['map-keys.test.js', apiKeyStoreRules(unused).length],
  ])('%s passes, which has the rules of stores', async (file, rules) => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', file]);
    expect(report).toMatch(new RegExp(`^# pass ${rules}$`, 'm'));
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('a code of the handler is good once', async () => {
    const twice = `import { SecurityChain } from '@sallyport/core';
      import { ask } from '@sallyport/core/testing';
      import { oneTimeCodes } from './one-time-codes.js';
      const chain = new SecurityChain({ requirement: oneTimeCodes });
      for (const code of ['code-7319', 'code-7319', 'code-0000']) {
        const { principal, reason } = await ask(chain, '/', { headers: { 'X-Code': code } });
        console.log(principal?.subject ?? reason);
      }`;
    const printed = await guide.project.node(['--input-type=module', '-e', twice]);
    expect(printed.trim().split('\n')).toEqual(['alice', 'code_used', 'code_unknown']);
  });
});

describe('docs/discovery.md', () => {
  const guide = openGuide('docs/discovery.md');
  const [json = ''] = blocksOf('docs/discovery.md').flatMap(({ language, code }) => (language === 'json' ? code : []));
  const [http = ''] = blocksOf('docs/discovery.md').flatMap(({ language, code }) => (language === 'http' ? code : []));

  test('a client without a token finds what it has to ask for, and whom', async () => {
    const server = await DocumentedServer.start(guide.project.folder, 'orders.js');
    const refused = await request(`${server.origin}/orders`, { method: 'POST' });
    expect(http).toContain(`\nWWW-Authenticate: ${refused.headers['www-authenticate']}`);
    await refused.body.dump();
    const [, address = ''] = /resource_metadata="([^"]*)"/.exec(http) ?? [];
    const { statusCode, body } = await request(server.origin + new URL(address).pathname);
    expect([statusCode, await body.json()]).toEqual([200, JSON.parse(json)]);
    await server.stop();
    expect(server.complaints).toBe('');
  });

  test('the metadata are there where only routes are secured', async () => {
    const server = await DocumentedServer.start(guide.project.folder, 'below-a-path.js');
    const { statusCode, body } = await request(`${server.origin}/.well-known/oauth-protected-resource/orders`);
    expect([statusCode, await body.json()]).toEqual([200, { resource: 'https://api.example.com/orders' }]);
    await server.stop();
    expect(server.complaints).toBe('');
  });

  test('the definition is served as it is enforced', async () => {
    const server = await DocumentedServer.start(guide.project.folder, 'definition.js');
    const { body } = await request(`${server.origin}/shop/openapi.json`);
    expect(await body.json()).toMatchObject({
      servers: [{ url: 'https://api.example.com/shop' }],
      paths: { '/orders': { get: { security: [{ user: [] }] } }, '/openapi.json': { get: { security: [] } } },
      components: { securitySchemes: { user: { type: 'apiKey', in: 'cookie', name: 'sid' } } },
    });
    const sent = { headers: { cookie: 'sid=session-of-alice' } };
    const answers = [
      await request(`${server.origin}/shop/orders`),
      await request(`${server.origin}/shop/orders`, sent),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 200]);
    await Promise.all(answers.map((answer) => answer.body.dump()));
    await server.stop();
    expect(server.complaints).toBe('');
  });
});

describe('docs/api-keys.md', () => {
  const guide = openGuide('docs/api-keys.md');
  const [[run = '', curl = ''], [shown = '', pattern = '']] = ['sh', 'text'].map((wanted) =>
    blocksOf('docs/api-keys.md').flatMap(({ language, code }) => (language === wanted ? code : [])),
  ) as [string[], string[]];
  const [, secret = '', program = ''] = /^KEY_SECRET='(.*)' node (.*)$/m.exec(run) ?? [];

  test('the key that is shown is one, with its checksum, and the pattern finds it', () => {
    const [key = ''] = shown.split('\n');
    expect(new KeyFormat('acme').flawOf(key)).toBeUndefined();
    expect(pattern.trim()).toBe(new KeyFormat('acme').pattern);
    expect(new RegExp(pattern.trim()).exec(shown)?.[0]).toBe(key);
  });

  test('the server takes the key that it prints, by the command of the page, and no other', async () => {
    const server = await DocumentedServer.start(guide.project.folder, program, { KEY_SECRET: secret });
    const key = (await server.printed(/^The key of web-shop: (\S+)$/)) ?? '';
    const [, header = ''] = /-H "([^:]+): \$KEY"/.exec(curl) ?? [];
    const ask = async (sent: string) => {
      const { statusCode, body } = await request(server.origin, { headers: { [header]: sent } });
      return [statusCode, await body.text()];
    };
    expect(await ask(key)).toEqual([200, 'Hello, web-shop']);
    expect(await ask(key.slice(0, -1))).toEqual([401, expect.anything()]);
    await server.stop();
  });

  test('keys are made, rotated, revoked and listed', async () => {
    const lines = (await guide.project.node(['admin.js'])).trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^acme_\w{61} \w{12}$/),
      expect.stringMatching(/^acme_\w{61}$/),
      expect.stringMatching(/^\w{12} web-shop CI of the web shop undefined \d+$/),
    ]);
  });

  test('each key has the limit of its plan, counted by itself', async () => {
    const check = `import { ask } from '@sallyport/core/testing';
      import { chain, ofBank, ofShop } from './plans.js';
      for (const { key } of [ofShop, ofShop, ofShop, ofBank, ofBank, ofBank])
        console.log((await ask(chain, 'GET /', { headers: { 'X-API-Key': key.reveal() } })).status);`;
    expect(await guide.project.node(['--input-type=module', '-e', check])).toBe('200\n200\n429\n200\n200\n200\n');
  });

  test('old and new keys live together in one header', async () => {
    const check = `import { ask } from '@sallyport/core/testing';
      import { chain, young } from './both.js';
      const { key } = await young.keys.create({ subject: 'bob' });
      for (const sent of [key.reveal(), 'an-old-key-of-alice', 'another'])
        { const { principal, reason } = await ask(chain, 'GET /', { headers: { 'X-API-Key': sent } }); console.log(principal?.subject ?? reason); }`;
    expect(await guide.project.node(['--input-type=module', '-e', check])).toBe('bob\nalice\nold_key_unknown\n');
  });

  test('the part of a configuration file makes a chain with limits, and its file of keys beside it', async () => {
    const [yaml = ''] = blocksOf('docs/api-keys.md').flatMap(({ language, code }) => (language === 'yaml' ? code : []));
    guide.project.write('security.yaml', yaml);
    const check = `import { chainFrom } from '@sallyport/configuration';
      import { ask } from '@sallyport/core/testing';
      import { builtInHandlers } from '@sallyport/handlers/kinds';
      const chain = await chainFrom('security.yaml', { kinds: builtInHandlers });
      for (const plan of ['large', 'small']) {
        const { key } = await chain.handlers[0].keys.create({ subject: 'web-shop', claims: { plan } });
        const { principal, headers } = await ask(chain, 'GET /', { headers: { 'X-API-Key': key.reveal() } });
        console.log(principal.subject, ...headers[0]);
      }
      await chain.close();`;
    const printed = await guide.project.node(['--input-type=module', '-e', check], { KEY_SECRET: secret });
    const lines = [1_000, 10].map((most) => `web-shop RateLimit-Policy "key";q=${most};w=60\n`);
    expect(printed).toBe(lines.join(''));
    expect(readdirSync(guide.project.folder)).toContain('keys.jsonl');
  });
});

describe('docs/webhooks.md', () => {
  const guide = openGuide('docs/webhooks.md');

  test('the test of the receiver passes', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'receiver.test.js']);
    expect(report).toMatch(/^# pass 2$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('the receiver takes deliveries of Stripe, once, and its parser finds the body again', async () => {
    const server = await DocumentedServer.start(guide.project.folder, 'receiver.js', { STRIPE_SECRET: SECRET });
    const body = '{"type":"invoice.paid"}';
    const headers = fromStripe(body, Math.floor(Date.now() / 1_000), SECRET);
    const send = (sent: string) => deliver(`${server.origin}/hooks/stripe`, headers, sent);
    expect(await send('{"type":"invoice.void"}')).toMatchObject([401, expect.anything()]);
    expect(await send(body)).toEqual([200, '{"received":true}']);
    expect(await server.printed(/^(stripe says .*)$/)).toBe('stripe says invoice.paid');
    expect(await send(body)).toMatchObject([401, expect.anything()]);
    await server.stop();
  });

  const tools = ['curl', 'openssl'].filter((tool) => spawnSync(tool, ['version']).error === undefined);
  const withTools = tools.length === 2 ? test : test.skip;
  withTools(
    `the shell tries the receiver${tools.length === 2 ? '' : ' (skipped: no curl or no openssl here)'}`,
    async () => {
      const [run = '', deliver = ''] = blocksOf('docs/webhooks.md').flatMap(({ language, code }) =>
        language === 'sh' ? code : [],
      );
      const [, secret = '', program = ''] = /^STRIPE_SECRET='(.*)' node (.*)$/m.exec(run) ?? [];
      const server = await DocumentedServer.start(guide.project.folder, program, { STRIPE_SECRET: secret });
      const commands = deliver.replace('http://localhost:3000', server.origin);
      const answer = async () => (await promisify(execFile)('bash', ['-euc', commands])).stdout;
      expect(await answer()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"received":true\}$/);
      expect(await server.printed(/^(stripe says .*)$/)).toBe('stripe says invoice.paid');
      await server.stop();
    },
  );

  test('two vendors deliver to one endpoint, one of them by an old secret', async () => {
    const secrets = { GITHUB_SECRET: SECRET, OLD_GITHUB_SECRET: OLD_SECRET, SHOPIFY_SECRET: SECRET };
    const server = await DocumentedServer.start(guide.project.folder, 'several-vendors.js', secrets);
    const send = (headers: Record<string, string>) => deliver(server.origin, headers, 'hello');
    const [, hex = ''] = fromGithub('hello')['X-Hub-Signature-256']?.split('=') ?? [];
    expect(await send(fromGithub('hello', OLD_SECRET))).toEqual([200, '5 bytes of github']);
    const shopify = { 'X-Shopify-Hmac-SHA256': Buffer.from(hex, 'hex').toString('base64') };
    expect(await send(shopify)).toEqual([200, '5 bytes of shopify']);
    expect(await send(fromGithub('hullo'))).toMatchObject([401, expect.anything()]);
    expect(await send({})).toMatchObject([401, expect.anything()]);
    await server.stop();
  });

  test('the part of a configuration file makes a chain', async () => {
    const [yaml = ''] = blocksOf('docs/webhooks.md').flatMap(({ language, code }) => (language === 'yaml' ? code : []));
    guide.project.write('security.yaml', yaml);
    guide.project.write('github-secret', `${SECRET}\n`);
    guide.project.write('old-github-secret', `${OLD_SECRET}\n`);
    const check = `import { chainFrom } from '@sallyport/configuration';
      import { ask } from '@sallyport/core/testing';
      import { builtInHandlers } from '@sallyport/handlers/kinds';
      const chain = await chainFrom('security.yaml', { kinds: builtInHandlers });
      const parts = { headers: ${JSON.stringify(fromGithub('hello', OLD_SECRET))}, body: 'hello' };
      console.log((await ask(chain, 'POST /', parts)).principal.subject);
      await chain.close();`;
    expect(await guide.project.node(['--input-type=module', '-e', check])).toBe('github\n');
  });

  test('the schemes of the reader make handlers', async () => {
    const names = "import { handlers } from './own-schemes.js'; console.log(handlers.map(({ name }) => name).join());";
    const secrets = { ZOOM_SECRET: SECRET, PADDLE_SECRET: SECRET };
    expect(await guide.project.node(['--input-type=module', '-e', names], secrets)).toBe('zoom,paddle\n');
  });
});

async function deliver(url: string, headers: Record<string, string>, body: string): Promise<[number, string]> {
  const type = { 'content-type': 'application/json' };
  const answer = await request(url, { method: 'POST', headers: { ...type, ...headers }, body });
  return [answer.statusCode, await answer.body.text()];
}

describe('docs/configuration.md', () => {
  const guide = openGuide('docs/configuration.md');

  test('the file is read, and its chain started and closed', async () => {
    guide.project.write('client-secret', 'from a secret store\n');
    expect(await guide.project.node(['from-file.js'])).toBe('doors badge,tokens\n');
  });

  test('the server that follows the file is secured', async () => {
    guide.project.write('client-secret', 'from a secret store\n');
    const server = await DocumentedServer.start(guide.project.folder, 'live.js');
    const { statusCode, headers } = await request(`${server.origin}/`);
    expect([statusCode, headers['www-authenticate']]).toEqual([
      401,
      expect.arrayContaining([expect.stringContaining('Bearer realm="doors"')]),
    ]);
    await server.stop();
  });
});

describe('docs/dependency-injection.md', () => {
  const guide = openGuide('docs/dependency-injection.md');

  test('the test of the registered chain passes', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'security.test.js']);
    expect(report).toMatch(/^# pass 1$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });

  test.each(['from-file.js', 'without-container.js'])('the file is read: %s', async (program) => {
    expect(await guide.project.node([program])).toBe('doors badge,tokens\n');
  });
});

describe('docs/serverless.md', () => {
  const guide = openGuide('docs/serverless.md');
  const headers = { 'X-Partner-Key': 'key-of-alice' };
  const event = {
    version: '2.0',
    rawPath: '/orders',
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'GET', path: '/orders', sourceIp: '198.51.100.7' } },
  };
  const older = { httpMethod: 'GET', path: '/orders', headers, requestContext: { identity: { sourceIp: '::1' } } };

  test.each(['lambda.js', 'fastify-lambda.js', 'hono-lambda.js'])(
    '%s lets partners in, and nobody else',
    async (file) => {
      const stranger = { ...event, headers: { 'X-Partner-Key': 'key-of-mallory' } };
      const doubled = { ...older, multiValueHeaders: { 'X-Partner-Key': ['key-of-mallory', 'key-of-alice'] } };
      guide.project.write(
        'call.mjs',
        `import { handler } from './${file}';
      for (const event of ${JSON.stringify([event, stranger, doubled])}) {
        const { statusCode, body } = await handler(event, {});
        console.log(statusCode, JSON.parse(body).caller);
      }`,
      );
      expect(await guide.project.node(['call.mjs'])).toMatch(/^200 alice\n401 undefined\n40[01] undefined\n$/);
    },
  );

  test('the route handler of Next.js lets partners in, whatever the received URL is', async () => {
    guide.project.write(
      'call.mjs',
      `import { GET } from './route.js';
      const ask = async (path, headers) => {
        const response = await GET(new Request('http://localhost' + path, { headers }), { params: Promise.resolve({ id: '7' }) });
        console.log(response.status, await response.text());
      };
      await ask('/orders/7', ${JSON.stringify(headers)});
      await ask('/orders', {});`,
    );
    expect(await guide.project.node(['call.mjs'])).toMatch(/^200 {"id":"7","caller":"alice"}\n401 {/);
  });

  test('the tests with mocks pass', async () => {
    const report = await guide.project.node(['--test', '--test-reporter=tap', 'orders.test.js']);
    expect(report).toMatch(/^# pass 2$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });
});
