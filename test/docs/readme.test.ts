import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { blocksOf, DocumentProject } from './document-project.js';
import { DocumentedServer } from './documented-server.js';
import { TokenAuthority } from './token-authority.js';

const README = 'README.md';
const ROOT = join(__dirname, '../..');
const FILES = blocksOf(README).filter(({ file }) => file !== undefined);
const SERVERS = FILES.filter(({ code }) => code.includes('3000'));
const MODULES = FILES.filter((block) => !SERVERS.includes(block));

let authority: TokenAuthority;
let project: DocumentProject;

beforeAll(async () => {
  authority = await TokenAuthority.start();
  project = await DocumentProject.open(README, { 'https://auth.example.com': authority.origin, '3000': '0' });
});
afterAll(async () => {
  project.remove();
  await authority.close();
});

test('every TypeScript block names its file and compiles under strict', async () => {
  expect(blocksOf(README).filter(({ language, file }) => language === 'ts' && file === undefined)).toEqual([]);
  expect(await project.compile()).toBe('');
}, 30_000);

test.each(MODULES)('$file runs', async ({ file = '' }) => {
  project.write('machines.htpasswd', 'reporting:$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e');
  await project.node([file.replace('.ts', '.js')], { INTROSPECTION_SECRET: 'a secret of the reader' });
});

test('there is a quick start per adapter', () => {
  const adapters = readdirSync(join(ROOT, 'packages/adapters/src')).filter((name) => name !== 'shared');
  const text = blocksOf(README)
    .map(({ code }) => code)
    .join('\n');
  for (const adapter of adapters) expect(text).toContain(`'@sallyport/adapters/${adapter}'`);
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
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
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
