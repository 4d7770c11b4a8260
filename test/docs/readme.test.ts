import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { documentOf, tablesOf } from '../support/markdown.js';
import { blocksOf, DocumentProject } from './document-project.js';
import { DocumentedServer } from './documented-server.js';
import { TokenAuthority } from './token-authority.js';

const README = 'README.md';
const ROOT = join(__dirname, '../..');
const FILES = blocksOf(README).filter(({ file }) => file !== undefined);
const SERVERS = FILES.filter(({ code }) => code.includes('3000'));
/** The servers mount `security.ts`, which is tried with them. */
const MODULES = FILES.filter((block) => !SERVERS.includes(block) && block.file !== 'security.ts');

let authority: TokenAuthority;
let project: DocumentProject;

beforeAll(async () => {
  authority = await TokenAuthority.start();
  project = await DocumentProject.open(README, {
    'https://auth.example.com': authority.origin,
    'https://login.example.com': authority.origin,
    '3000': '0',
  });
});
afterAll(async () => {
  project.remove();
  await authority.close();
});

test('every TypeScript block names its file and compiles under strict', async () => {
  expect(blocksOf(README).filter(({ language, file }) => language === 'ts' && file === undefined)).toEqual([]);
  expect(await project.compile()).toBe('');
}, 30_000);

describe('the shell block of the first screen', () => {
  const [block = ''] = blocksOf(README).flatMap(({ language, code }) => (language === 'sh' ? code : []));
  const [shop = ''] = FILES.flatMap(({ file, code }) => (file === 'shop.ts' ? code : []));

  test('installs what the program above it imports, with its types', () => {
    const imported = [...shop.matchAll(/from '([^'@][^']*)'/g)].map(([, name = '']) => name);
    const installed = [...block.matchAll(/^npm install (.*)$/gm)].flatMap(([, names = '']) => names.split(' '));
    expect(installed).toEqual([
      ...imported,
      '--save-dev',
      'typescript',
      '@types/node',
      ...imported.map((name) => `@types/${name}`),
    ]);
  });

  test('compiles the program to the file that its last line runs', async () => {
    const commands = block.trimEnd().split('\n');
    expect(commands.pop()).toBe('node shop.js');
    rmSync(join(project.folder, 'shop.js'), { force: true });
    // The packages are there already.
    const shims = `npm() { [ "$1" = install ] || command npm "$@"; }; npx() { '${ROOT}/node_modules/.bin/'"$@"; }`;
    await promisify(execFile)('bash', ['-euc', [shims, ...commands].join('\n')], { cwd: project.folder });
    expect(existsSync(join(project.folder, 'shop.js'))).toBe(true);
  }, 30_000);
});

/** Programs that call what a module of the README exports, and print what came of it. */
const CALLS: Readonly<Record<string, { readonly program: string; readonly prints: unknown }>> = {
  'combined.ts': {
    program: `
import { ask } from '@sallyport/core/testing';
import { chain } from './combined.js';
const statusOf = async (credential) => (await ask(chain, 'GET /orders', credential)).status;
const tokens = [await statusOf({ bearer: 'reader' }), await statusOf({ bearer: 'unknown' }), await statusOf()];
console.log(JSON.stringify([...tokens, await statusOf({ basic: ['reporting', 'a guess'] })]));
await chain.close();`,
    prints: [200, 401, 401, 401],
  },
  'contract.ts': {
    program: `
import { writeFileSync } from 'node:fs';
import { headerHandler } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { chainOf } from './contract.js';
import { DEFINITION } from './definition.js';
writeFileSync('orders.yaml', DEFINITION);
const scopes = { reader: ['orders:read'], nobody: [] };
const chain = await chainOf(
  headerHandler({ name: 'key', header: 'x-key', verify: (key) => ({ subject: key, scopes: scopes[key] }) }),
);
const statusOf = async (key) => (await ask(chain, 'GET /orders', key && { headers: { 'x-key': key } })).status;
console.log(JSON.stringify([await statusOf('reader'), await statusOf('nobody'), await statusOf()]));`,
    prints: [200, 403, 401],
  },
  'api-key.ts': {
    program: `
import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { apiKey } from './api-key.js';
const chain = new SecurityChain({ requirement: apiKey });
const callerOf = async (key) => {
  const { status, principal } = await ask(chain, 'GET /', { headers: { 'x-api-key': key } });
  return [status, principal?.subject, principal?.scopes];
};
console.log(JSON.stringify([await callerOf('3d1f0a52c7'), await callerOf('another')]));`,
    prints: [
      [200, 'reporting', ['orders:read']],
      [401, null, null],
    ],
  },
};

const DEFINITION = `openapi: 3.1.0
info: { title: Orders, version: 1.0.0 }
paths:
  /orders:
    get:
      operationId: listOrders
      security: [{ OAuth2: ['orders:read'] }]
      responses: { '200': { description: The orders } }
components:
  securitySchemes:
    OAuth2:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: https://auth.example.com/token
          scopes: { 'orders:read': Read orders }
`;

test.each(MODULES)('what $file exports does what it says', async ({ file = '' }) => {
  project.write('machines.htpasswd', 'reporting:$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e');
  project.write('definition.js', `export const DEFINITION = ${JSON.stringify(DEFINITION)};`);
  const environment = {
    INTROSPECTION_SECRET: 'a secret of the reader',
    NODE_EXTRA_CA_CERTS: authority.certificateFile,
  };
  const { program, prints } = CALLS[file] ?? { program: `throw new Error('nothing calls ${file}')`, prints: undefined };
  project.write('call.js', program);
  expect(JSON.parse(await project.node(['call.js'], environment))).toEqual(prints);
});

describe('the first screen', () => {
  const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  const listIn = (path: string): readonly unknown[] => JSON.parse(textOf(path));
  const [screen = ''] = textOf(README).split('\n## ');

  test('counts right', () => {
    expect(screen).toContain(`[${listIn('test/vectors/requests/corpus.json').length} requests]`);
    expect(screen).toContain('nine kinds of servers');
    const servers = textOf('test/adapters/demo-servers.ts').match(/\bname: '[^']+',\s+protocol: '/g) ?? [];
    // Those of MCP are servers of node:http and Hono again.
    expect(new Set(servers.filter((server) => !/MCP in/.test(server))).size).toBe(9);
    const protections = readdirSync(join(ROOT, 'test/mutation/protections')).flatMap((list) =>
      listIn(`test/mutation/protections/${list}`),
    );
    const [, promised] = /\[more than (\d+) protections\]/.exec(screen) ?? [];
    expect(protections.length).toBeGreaterThan(Number(promised));
  });

  test('tells the costs that docs/performance.md has', () => {
    const [short = []] = tablesOf(documentOf('docs/performance.md'));
    const costs = (heading: string) =>
      ['Fastify 5', 'Express 5'].map((server) =>
        Math.round(Number.parseFloat(short.find((row) => row['server'] === server)?.[heading] ?? '')),
      );
    const told = /(\d+) us of CPU in Fastify and (\d+) in Express, where the usual packages take \[(\d+) and\s+(\d+)\]/;
    expect(told.exec(screen)?.slice(1).map(Number)).toEqual([...costs('Sallyport'), ...costs('its cost')]);
  });
});

test('there is a quick start per adapter', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'packages/adapters/package.json'), 'utf8')) as {
    exports: object;
  };
  const doors = Object.keys(exports).flatMap((path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? []);
  // What adapters are made of is for their authors: docs/writing-an-adapter.md.
  const adapters = doors.filter((door) => door !== 'extend');
  expect(adapters).toHaveLength(7);
  const text = blocksOf(README)
    .map(({ code }) => code)
    .join('\n');
  // These have a page of their own, which the README names.
  const pages = ['mcp', 'nest'];
  for (const page of pages) expect(documentOf(README)).toContain(`[docs/${page}.md](docs/${page}.md)`);
  for (const adapter of adapters.filter((each) => !pages.includes(each)))
    expect(text).toContain(`'@sallyport/adapters/${adapter}'`);
});

describe.each(SERVERS)('$file', ({ file = '', code }) => {
  let server: DocumentedServer;

  beforeAll(async () => {
    server = await DocumentedServer.start(project.folder, file.replace('.ts', '.js'), {
      NODE_EXTRA_CA_CERTS: authority.certificateFile,
      INTROSPECTION_SECRET: 'a secret of the reader',
    });
  });
  afterAll(() => server.stop());

  const call = async (method: 'GET' | 'POST', token?: string) => {
    const [, audience] = /audience: '(\w+)'/.exec(code) ?? [];
    const bearer = token && audience ? authority.jwt(token, audience) : token;
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const { statusCode, headers: answered, body } = await request(`${server.origin}/orders`, { method, headers });
    return { status: statusCode, challenge: answered['www-authenticate'], text: await body.text() };
  };

  test('is secured', async () => {
    expect(await call('GET')).toMatchObject({ status: 401, challenge: 'Bearer realm="orders"' });
    expect(await call('GET', 'unknown')).toMatchObject({ status: 401 });
    expect(JSON.parse((await call('GET', 'reader')).text)).toEqual({ orders: [], caller: 'alice' });
  });

  const asksForScope = code.includes('requireScopes');
  test(asksForScope ? 'asks for the scope where a route does' : 'lets every authenticated caller in', async () => {
    expect(await call('POST', 'reader')).toMatchObject({ status: asksForScope ? 403 : 200 });
    expect(await call('POST', 'writer')).toMatchObject({ status: asksForScope ? 201 : 200 });
  });
});
