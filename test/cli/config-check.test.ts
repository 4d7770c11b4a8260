import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AuthorizationServer } from '@sallyport/core/testing';
import { BROKEN_FILES, CANARY } from '../configuration/broken-files.js';
import { ordersDocument } from './orders-document.js';
import { CommandFolder } from './run-command.js';

const HANDLER = `
    type: introspection
    options:
      realm: orders
      endpoint: '\${ENDPOINT}'
      clientAuthentication: { method: client_secret_basic, clientId: orders, clientSecret: '\${SECRET}' }
`;
const TOKENS = `handlers:\n  tokens:${HANDLER}`;
const ENVIRONMENT = { ENDPOINT: 'https://as.example.com/introspect', SECRET: CANARY };

/** The others name kinds of an application. */
const WITH_BUILT_IN_KINDS = BROKEN_FILES.filter(({ text }) => !/badge/.test(text));

let folder: CommandFolder;

beforeEach(() => {
  folder = new CommandFolder();
});
afterEach(() => folder.remove());

const check = (environment: Readonly<Record<string, string>>, ...flags: readonly string[]) =>
  folder.run(['config', 'check', 'security.yaml', ...flags], { environment });

describe('config check', () => {
  test('of a file that is right ends with 0 and names the chain and its handlers', async () => {
    const security = [{ oauth: ['orders:read'] }];
    folder.write('orders.json', ordersDocument({ listOrders: security, placeOrder: security }));
    const contract = '{ document: orders.json, schemes: { oauth: tokens } }';
    folder.write('security.yaml', `chain: { name: orders, contract: ${contract} }\n${TOKENS}`);
    const stdout = 'security.yaml: the chain orders can be built; handlers: tokens (introspection)\n';
    expect(await check(ENVIRONMENT)).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('tells in one line what a contract hardly means', async () => {
    folder.write('orders.json', ordersDocument());
    const contract = '{ document: orders.json, schemes: { oauth: tokens, key: tokens } }';
    folder.write('security.yaml', `chain: { contract: ${contract} }\n${TOKENS}`);
    const { stdout } = await check(ENVIRONMENT);
    expect(stdout).toMatch(/^warning .*operation placeOrder needs the scope .*tokens takes no such credential/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('names every missing environment variable at once', async () => {
    folder.write('security.yaml', `chain: { requirement: tokens }\n${TOKENS}`);
    expect((await check({})).stdout).toBe(
      'error security.yaml:7:7 handlers.tokens.options.endpoint needs the environment variable ENDPOINT; missing as well: SECRET\n',
    );
  });

  test('names a missing environment variable, and prints no value', async () => {
    folder.write('security.yaml', `chain: { requirement: tokens }\n${TOKENS}`);
    const { code, stdout } = await check({ SECRET: CANARY });
    expect(code).toBe(1);
    expect(stdout).toBe(
      'error security.yaml:7:7 handlers.tokens.options.endpoint needs the environment variable ENDPOINT\n',
    );
  });

  test.each(WITH_BUILT_IN_KINDS)('ends with 1 and tells line, column and rule, and no value: $name', async (broken) => {
    folder.write('security.yaml', broken.text);
    const { code, stdout, stderr } = await check({});
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain(`error security.yaml:${broken.at} `);
    expect(stdout).toContain(broken.rule.replace(', badge;', ';'));
    expect(stdout).not.toContain(CANARY);
  });

  test('ends with 2 where the file cannot be read', async () => {
    const missing = await check({});
    expect(missing).toEqual({ code: 2, stdout: '', stderr: 'sallyport: security.yaml cannot be read: ENOENT\n' });
  });

  test('tells the errors of every handler, also of one that nobody uses', async () => {
    const broken = HANDLER.replace('realm', 'reaml');
    folder.write('security.yaml', `chain: { requirement: tokens }\nhandlers:\n  tokens:${broken}\n  spare:${broken}`);
    const { code, stdout } = await check(ENVIRONMENT);
    expect(code).toBe(1);
    expect(stdout.match(/^error security\.yaml:\d+:\d+ handlers\.\w+\.options has no option "reaml"/gm)).toHaveLength(
      2,
    );
  });

  test('warns of what weakens and of what nobody uses; --strict then ends with 1', async () => {
    const firewall = 'firewall: { allowSemicolon: true }';
    folder.write('security.yaml', `chain: { requirement: tokens, ${firewall} }\n${TOKENS}  spare:${HANDLER}`);
    const { code, stdout } = await check(ENVIRONMENT);
    expect(code).toBe(0);
    expect(stdout).toContain('warning handlers.spare is used by nobody\n');
    expect(stdout).toMatch(/^warning .*allowSemicolon/m);
    expect((await check(ENVIRONMENT, '--strict')).code).toBe(1);
  });

  test('as JSON holds the same as data', async () => {
    folder.write('security.yaml', `chain: { requirement: tokens }\n${TOKENS}`);
    const [good, bad] = [await check(ENVIRONMENT, '--format', 'json'), await check({}, '--format', 'json')];
    const handlers = [{ name: 'tokens', kind: 'introspection' }];
    const read = { file: 'security.yaml', errors: [], warnings: [], chain: 'default', handlers };
    expect([good.code, JSON.parse(good.stdout)]).toEqual([0, read]);
    expect([bad.code, JSON.parse(bad.stdout)]).toEqual([1, expect.objectContaining({ errors: [expect.any(String)] })]);
  });

  test('with --start fetches what the handlers need, and says what cannot be fetched', async () => {
    const authority = await AuthorizationServer.start();
    const file = (jwksUri: string) => `chain: { requirement: signed }
handlers:
  signed:
    type: jwt
    options:
      realm: orders
      issuers: [{ issuer: '${authority.issuer}', audience: api, algorithms: RS256, keys: { jwksUri: '${jwksUri}', outbound: { allowInsecureLoopback: true } } }]
`;
    folder.write('security.yaml', file(authority.jwksUri));
    const good = await check({}, '--start');
    await authority.close();
    const bad = await check({}, '--start', '--strict');
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('can be built and started') });
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('ERR_SALLYPORT_UPSTREAM_UNREACHABLE');
  });
});
