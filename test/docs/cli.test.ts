import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { blocksOf, DocumentProject } from './document-project.js';

const DOCUMENT = 'docs/cli.md';
const BIN = 'node_modules/@sallyport/cli/dist/main/bin.js';

const TOKEN_SECRET = 'only known to this test and its issuer';

function tokenForAnotherApi(): string {
  const encoded = (data: object) => Buffer.from(JSON.stringify(data)).toString('base64url');
  const claims = {
    iss: 'https://as.example.com',
    aud: 'https://other.example.com',
    sub: 'alice',
    client_id: 'shop',
    jti: '1',
    iat: 1_767_225_600,
    exp: 4_102_444_800,
  };
  const signed = `${encoded({ alg: 'HS256', typ: 'at+jwt' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', TOKEN_SECRET).update(signed).digest('base64url')}`;
}

/** Each command line of the guide, with what stands below it as its output. */
const SHOWN = blocksOf(DOCUMENT).flatMap(({ language, code }, index, blocks) => {
  const [, line] = /^npx sallyport (.*)\n$/.exec(language === 'sh' ? code : '') ?? [];
  return line === undefined ? [] : [[line, blocks[index + 1]?.code ?? ''] as const];
});

describe(DOCUMENT, () => {
  let project: DocumentProject;

  beforeAll(async () => {
    project = await DocumentProject.open([DOCUMENT, 'docs/configuration.md']);
    project.write('token.txt', tokenForAnotherApi());
  });
  afterAll(() => project?.remove());

  test('shows at least one command', () => {
    expect(SHOWN.length).toBeGreaterThan(0);
  });

  test.each(SHOWN)('sallyport %s prints what stands below it', async (line, output) => {
    expect(await project.ended([BIN, ...line.split(' ')], { TOKEN_SECRET })).toMatchObject({ stdout: output });
  });

  test('the request as JSON is decided', async () => {
    const [json = ''] = blocksOf(DOCUMENT).flatMap(({ language, code }) => (language === 'json' ? code : []));
    project.write('request.json', json);
    const args = ['explain', '--config', 'security-of-orders.yaml', '--request', 'request.json'];
    expect(await project.ended([BIN, ...args], { TOKEN_SECRET })).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^denied 401 credentials_missing\n {2}operation: placeOrder/),
    });
  });

  test('the commands about keys run in a shell as they are shown', async () => {
    const [shown = ''] = blocksOf(DOCUMENT).flatMap(({ code }) => (code.includes('key create') ? code : []));
    const handler = `{ type: api-key, options: { prefix: acme, secret: '\${KEY_SECRET}', store: { file: { path: keys.jsonl } } } }`;
    project.write('keys.yaml', `handlers: { partners: ${handler} }\nchain: { requirement: partners }\n`);
    const commands = shown.replaceAll('npx sallyport', `${process.execPath} ${BIN}`);
    const { stdout } = await promisify(execFile)('bash', ['-euc', commands], { cwd: project.folder });
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ID +SUBJECT/),
      expect.stringMatching(/^\w{12} +web-shop +- +orders:read +good /),
      expect.stringMatching(/^acme_\w{61}$/),
      expect.stringMatching(/^the key \w{12} of web-shop is revoked$/),
    ]);
  });

  test('the file of docs/configuration.md is right with the kinds that the guide makes, and not without', async () => {
    expect(await project.compile()).toBe('');
    project.write('client-secret', 'from a secret store\n');
    const check = (...flags: readonly string[]) =>
      project.ended([BIN, 'config', 'check', 'security.yaml', ...flags], {
        INTROSPECTION_ENDPOINT: 'https://as.example/introspect',
      });
    expect(await check('--kinds', 'kinds.js')).toMatchObject({
      code: 0,
      stdout: 'security.yaml: the chain doors can be built; handlers: badge (badge), tokens (introspection)\n',
    });
    expect(await check()).toMatchObject({ code: 1, stdout: expect.stringContaining('must be a kind of handler') });
    expect(await check('--kinds', 'nothing.js')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^sallyport: nothing\.js cannot be loaded: ERR_MODULE_NOT_FOUND.*\n$/),
    });
  });
});
