import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ordersDocument } from '../orders-document.js';
import { CommandFolder } from '../run-command.js';

let folder: CommandFolder;

beforeAll(() => {
  folder = new CommandFolder();
  folder.write('orders.json', ordersDocument());
  folder.write('scopes.json', ordersDocument({ getOrder: [{ oauth: ['orders:read', 'orders:all'] }] }));
  folder.write('unused.json', ordersDocument({ listOrders: [], placeOrder: [{ oauth: ['orders:read'] }] }));
});
afterAll(() => folder.remove());

describe('the exit code', () => {
  const rows: readonly (readonly [file: string, failOn: string, code: number])[] = [
    ['orders.json', 'error', 1],
    ['unused.json', 'error', 0],
    ['unused.json', 'warning', 1],
    ['unused.json', 'note', 1],
  ];
  test.each(rows)('of %s with --fail-on %s is %i', async (file, failOn, code) => {
    expect((await folder.run(['check', file, '--fail-on', failOn])).code).toBe(code);
  });

  test('by default, a warning is enough for 1', async () => {
    expect(await folder.run(['check', 'unused.json'])).toEqual({
      code: 1,
      stdout: `unused.json:82:7: warning: no operation needs the scheme "key" [scheme-unused]
1 finding: 1 warning in 4 operations
`,
      stderr: '',
    });
  });

  test.each([
    ['a file that is not there', 'nothing.json'],
    ['no OpenAPI document', 'package.json'],
  ])('of %s is 2, with one line on stderr', async (_what, file) => {
    folder.write('package.json', '{}');
    const { code, stdout, stderr } = await folder.run(['check', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^sallyport: .+\n$/);
  });
});

const openDocument = { openapi: '3.1.0', info: { title: 'Open', version: '1' } };
const other = { responses: { default: { description: '' } } };
const operation = { operationId: 'open', ...other };

describe('operations without security', () => {
  test('are found unless the document has security for all, or --open names them', async () => {
    folder.write('open.json', { ...openDocument, paths: { '/open': { get: operation } } });
    folder.write('default.json', { ...openDocument, security: [], paths: { '/open': { get: operation } } });
    const found = await folder.run(['check', 'open.json']);
    expect(found.stdout).toMatch(/^open\.json:9:7: error: operation open declares no security, .*\n1 finding: 1 error/);
    expect((await folder.run(['check', 'open.json', '--open', 'open'])).code).toBe(0);
    expect((await folder.run(['check', 'default.json'])).code).toBe(0);
  });
});

describe('with the configuration file that enforces the document', () => {
  test('a scheme that it does not prove is found, with its place in the document', async () => {
    folder.write('security.yaml', 'chain: { contract: { document: orders.json, schemes: { oauth: tokens } } }');
    const { code, stdout } = await folder.run(['check', 'orders.json', '--config', 'security.yaml']);
    const lines = stdout.split('\n').filter((line) => line.includes('scheme-unsatisfied'));
    expect(lines).toEqual([
      'orders.json:23:13: error: security.yaml has no proof of the scheme "key" [scheme-unsatisfied]',
      'orders.json:40:13: error: security.yaml has no proof of the scheme "key" [scheme-unsatisfied]',
    ]);
    expect(code).toBe(1);
  });

  test('its open operations and its base path are those of the document', async () => {
    folder.write('open.json', { ...openDocument, paths: { '/open': { get: operation }, '/shut': { post: other } } });
    folder.write('security.json', {
      chain: { contract: { document: 'open.json', schemes: {}, open: ['open'], basePath: '/base' } },
    });
    const { stdout } = await folder.run(['check', 'open.json', '--config', 'security.json']);
    expect(stdout).toContain('operation POST /base/shut declares no security');
    expect(stdout).toContain('1 finding: 1 error in 2 operations');
  });

  test('a file without a contract cannot be used', async () => {
    folder.write('empty.yaml', 'chain: { requirement: key }');
    expect(await folder.run(['check', 'orders.json', '--config', 'empty.yaml'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'sallyport: empty.yaml has no chain.contract with schemes; sallyport config check tells more\n',
    });
  });
});

describe('scopes', () => {
  test('of OAuth 2.0 are found where no flow declares them (OpenAPI 3.0.4 4.8.27)', async () => {
    const { stdout } = await folder.run(['check', 'scopes.json', '--format', 'json']);
    const { findings } = JSON.parse(stdout);
    expect(findings.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/paths/~1orders/post/security/0/oauth/0',
      '/paths/~1orders~1{id}/get/security/0/oauth/1',
    ]);
  });

  test('are those of the scheme that a reference or, since OpenAPI 3.2, a URI leads to', async () => {
    const flows = { clientCredentials: { tokenUrl: 'https://as.example/token', scopes: { read: 'reads' } } };
    const responses = { default: { description: '' } };
    const security = [{ alias: ['read', 'write'] }, { '#/components/securitySchemes/oauth': ['read', 'purge'] }];
    folder.write('references.json', {
      openapi: '3.2.0',
      info: { title: 'References', version: '1' },
      paths: { '/a': { get: { security, responses } } },
      components: {
        securitySchemes: { oauth: { type: 'oauth2', flows }, alias: { $ref: '#/components/securitySchemes/oauth' } },
      },
    });
    const { findings } = JSON.parse((await folder.run(['check', 'references.json', '--format', 'json'])).stdout);
    expect(findings.map(({ message }: { message: string }) => message)).toEqual([
      'the scheme "alias" declares no scope "write"',
      'the scheme "oauth" declares no scope "purge"',
    ]);
  });

  test('of a security that many operations share are told once', async () => {
    const responses = { default: { description: '' } };
    folder.write('shared.json', {
      openapi: '3.0.4',
      info: { title: 'Shared', version: '1' },
      security: [{ nobody: [] }],
      paths: { '/a': { get: { responses } }, '/b': { get: { responses } } },
    });
    const { stdout } = await folder.run(['check', 'shared.json']);
    expect(stdout.match(/scheme-undeclared/g)).toHaveLength(1);
  });
});

test('a scheme that only a webhook or a callback names is used', async () => {
  folder.write('webhook.json', {
    openapi: '3.1.0',
    info: { title: 'Webhook', version: '1' },
    webhooks: { order: { post: { security: [{ signature: [] }], responses: { default: { description: '' } } } } },
    components: { securitySchemes: { signature: { type: 'apiKey', in: 'header', name: 'X-Signature' } } },
  });
  expect(await folder.run(['check', 'webhook.json'])).toMatchObject({
    code: 0,
    stdout: 'no findings in 0 operations\n',
  });
});

test('on a terminal, findings have colours; what a document says cannot move its cursor (CWE-150)', async () => {
  const responses = { default: { description: '' } };
  folder.write('hostile.json', {
    openapi: '3.1.0',
    info: { title: 'Hostile', version: '1' },
    paths: { '/': { get: { operationId: 'first\u001b[2J\nsecond', responses } } },
  });
  const plain = await folder.run(['check', 'hostile.json']);
  expect(plain.stdout.split('\n')).toHaveLength(3);
  expect(plain.stdout).not.toContain('\u001b');
  const { stdout } = await folder.run(['check', 'unused.json'], { isTerminal: true });
  expect(stdout).toContain(': \u001b[33mwarning\u001b[39m: ');
});
