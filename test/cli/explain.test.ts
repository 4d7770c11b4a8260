import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AuthorizationServer } from '@sallyport/core/testing';
import { ordersDocument } from './orders-document.js';
import { CommandFolder } from './run-command.js';

const CANARY = 'cAnAry-7d10c2e94b';
const AUDIENCE = 'https://api.example.com';

let folder: CommandFolder;
let authority: AuthorizationServer;

beforeAll(async () => {
  authority = await AuthorizationServer.start({ audience: AUDIENCE });
  folder = new CommandFolder();
  folder.write('orders.json', ordersDocument());
  const outbound = '{ allowInsecureLoopback: true }';
  const handlers = `handlers:
  signed:
    type: jwt
    options:
      realm: orders
      issuers:
        - { issuer: '${authority.issuer}', audience: '${AUDIENCE}', algorithms: ES256, keys: { jwksUri: '${authority.jwksUri}', outbound: ${outbound} } }
  opaque:
    type: introspection
    options:
      realm: orders
      endpoint: '${authority.introspectionEndpoint}'
      clientAuthentication: { method: client_secret_basic, clientId: '${authority.clientId}', clientSecret: '\${SECRET}' }
      outbound: ${outbound}
      fallback: true
`;
  folder.write('plain.yaml', `chain: { requirement: { anyOf: [signed, opaque] } }\n${handlers}`);
  const schemes = '{ oauth: { anyOf: [signed, opaque] }, key: opaque }';
  folder.write(
    'orders.yaml',
    `chain: { name: orders, contract: { document: orders.json, schemes: ${schemes} } }\n${handlers}`,
  );
});
afterAll(async () => {
  folder.remove();
  await authority.close();
});

const explain = (args: readonly string[], stdin = '', environment: Readonly<Record<string, string>> = {}) =>
  folder.run(['explain', ...args], { stdin, environment: { SECRET: authority.clientSecret, ...environment } });

const tokenFor = async (claims: object) => (await authority.as({ subject: 'alice', ...claims })).bearer;

describe('explain', () => {
  test('of a good token ends with 0 and tells who calls, and what each handler said', async () => {
    const token = await tokenFor({ scopes: ['orders:read'] });
    const { code, stdout } = await explain(['--config', 'orders.yaml', '--operation', 'listOrders'], `${token}\n`);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toEqual([
      'granted',
      '  operation: listOrders (GET /shop/orders)',
      '  handler signed: authenticated',
      expect.stringMatching(/^ {2}caller: user alice of http.*$/),
      '  scopes: orders:read',
    ]);
  });

  test('of a token that lacks a scope ends with 1 and tells which, the answer, and what to change', async () => {
    const token = await tokenFor({ scopes: ['orders:list'] });
    const { code, stdout } = await explain(
      ['--config', 'orders.yaml', '--method', 'GET', '--target', '/shop/orders'],
      token,
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^denied 403 insufficient_scope by signed\n/);
    expect(stdout).toContain('  missing: all of the scopes orders:read\n');
    expect(stdout).toMatch(/^ {2}answer: WWW-Authenticate: Bearer .*error="insufficient_scope"/m);
    expect(stdout).toMatch(/^ {2}to change: \S/m);
  });

  test('tells what was expected and what came', async () => {
    const token = await tokenFor({ audience: 'https://other.example.com' });
    const { code, stdout } = await explain(['--config', 'plain.yaml'], token);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}handler signed: denied \w*audience\w*: .*https:\/\/other\.example\.com/m);
  });

  test('prints nothing of a token: neither of a good nor of a bad one, nor in errors, text or JSON (CWE-532)', async () => {
    const good = await tokenFor({ scopes: ['orders:read'] });
    const [head = '', body = '', signature = ''] = good.split('.');
    const forged = `${head}.${body}.${CANARY}${signature.slice(CANARY.length)}`;
    const tokens = [good, forged, `${CANARY}.${body}.${signature}`];
    for (const token of tokens) {
      folder.write('token.txt', token);
      folder.write(
        'request.http',
        `GET /shop/orders?access_token=${CANARY} HTTP/1.1\nAuthorization: Bearer ${token}\n\n`,
      );
      const sources: readonly (readonly string[])[] = [
        ['--token-file', 'token.txt'],
        ['--token-file', 'token.txt', '--format', 'json'],
        ['--token-env', 'TOKEN'],
        ['--request', 'request.http'],
        ['--token-file', token],
        ['--request', token],
        ['--token-env', token],
        [token],
        ['--operation', token],
        ['--token-file', 'token.txt', '--token-env', 'TOKEN'],
      ];
      for (const source of sources) {
        const { stdout, stderr } = await explain(['--config', 'plain.yaml', ...source], token, { TOKEN: token });
        expect(stdout + stderr).not.toBe('');
        for (const part of [CANARY, head, body, signature]) expect(stdout + stderr).not.toContain(part);
      }
    }
  });

  test('takes a token from a file, a variable or stdin, with or without its scheme', async () => {
    const token = await tokenFor({ scopes: ['orders:read'] });
    folder.write('token.txt', `Bearer ${token}\r\n`);
    const ended = [
      await explain(['--config', 'plain.yaml', '--token-file', 'token.txt']),
      await explain(['--config', 'plain.yaml', '--token-env', 'TOKEN'], '', { TOKEN: token }),
      await explain(['--config', 'plain.yaml', '--token-file', '-'], token),
      await explain(['--config', 'plain.yaml'], `Authorization: Bearer ${token}`),
    ];
    for (const { code, stdout } of ended) expect([code, stdout]).toEqual([0, ended[0]?.stdout]);
  });

  test('decides a whole request, as text or as JSON', async () => {
    const { bearer } = await authority.as({ subject: 'alice', scopes: ['orders:read'] }, { opaque: true });
    folder.write(
      'request.http',
      `GET /shop/orders/7 HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
    );
    folder.write('request.json', { target: '/shop/orders/7', headers: { authorization: `Bearer ${bearer}` } });
    const ended = [
      await explain(['--config', 'orders.yaml', '--request', 'request.http']),
      await explain(['--config', 'orders.yaml', '--request', 'request.json']),
    ];
    for (const { code, stdout } of ended) {
      expect(code).toBe(0);
      expect(stdout).toContain('  operation: getOrder (GET /shop/orders/{id})\n  handler opaque: authenticated\n');
    }
  });

  test('sees every header line of a request: a second Authorization line is refused as on a server', async () => {
    folder.write('request.json', { target: '/', headers: { Authorization: ['Bearer a', 'Bearer b'] } });
    const { code, stdout } = await explain(['--config', 'plain.yaml', '--request', 'request.json']);
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'denied 400 duplicate_authorization']);
  });

  test('tells on stderr what weakens the security, in one line each', async () => {
    const text = readFileSync(join(folder.path, 'plain.yaml'), 'utf8');
    folder.write('weak.yaml', text.replace('chain: {', 'chain: { firewall: { allowSemicolon: true },'));
    const { code, stderr } = await explain(['--config', 'weak.yaml'], await tokenFor({}));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^sallyport: warning: .*\(allowSemicolon\)\n$/);
  });

  test('as JSON holds decision, steps and advice as data', async () => {
    const token = await tokenFor({ audience: 'https://other.example.com' });
    const { stdout } = await explain(['--config', 'plain.yaml', '--format', 'json'], token);
    expect(JSON.parse(stdout)).toMatchObject({
      chain: 'default',
      outcome: 'denied',
      status: 401,
      refusedBy: 'signed',
      steps: [{ handler: 'signed', verdict: 'denied', detail: expect.any(String) }],
      headers: expect.arrayContaining([['WWW-Authenticate', expect.any(String)]]),
      fix: expect.any(String),
    });
  });

  const head = 'GET / HTTP/1.1\n';
  const wrong: readonly (readonly [args: readonly string[], stdin: string, told: string])[] = [
    [[], '', 'the option --config FILE is missing'],
    [['--config', 'nothing.yaml'], 'token', 'nothing.yaml cannot be read: ENOENT'],
    [['--config', 'orders.json'], 'token', 'orders.json:2:3 configuration has no option "openapi"'],
    [['--config', 'plain.yaml'], ' \n', 'the token is empty'],
    [['--config', 'plain.yaml'], 'two words', 'the token must be one word'],
    [['--config', 'plain.yaml', '--token-env', 'NOWHERE'], '', 'the environment variable of --token-env is not set'],
    [['--config', 'plain.yaml', '--token-file', 'nowhere'], '', 'the file of --token-file cannot be read: ENOENT'],
    [
      ['--config', 'plain.yaml', '--request', '-', '--target', '/'],
      head,
      '--request goes with no option about a token',
    ],
    [['--config', 'orders.yaml'], 'token', 'the configuration has operations: say which one by --operation'],
    [['--config', 'orders.yaml', '--operation', 'none'], 'token', '--operation is none of the configuration'],
    [['--config', 'orders.yaml', '--operation', 'health', '--method', 'GET'], 'token', '--operation goes neither with'],
    [['--config', 'plain.yaml', '--request', '-'], 'hello', 'the request must begin with a line such as GET /orders'],
    [['--config', 'plain.yaml', '--request', '-'], `${head}Cookie`, 'line 2 of the request is no header'],
    [['--config', 'plain.yaml', '--request', '-'], '{', 'the request is no JSON'],
    [['--config', 'plain.yaml', '--request', '-'], '{}', 'method and target of the request must be texts'],
    [['--config', 'plain.yaml', '--request', '-'], '{"target":"/","header":{}}', 'the request has an unknown member'],
    [
      ['--config', 'plain.yaml', '--request', '-'],
      '{"target":"/","headers":[]}',
      'headers of the request must be an object',
    ],
    [
      ['--config', 'plain.yaml', '--request', '-'],
      '{"target":"/","headers":{"a":1}}',
      'every header of the request must be',
    ],
    [['--config', 'plain.yaml', '--request', '-'], '{"target":"/","body":1}', 'body of the request must be a text'],
  ];

  test.each(wrong)('ends with 2 where it cannot decide: %j', async (args, stdin, told) => {
    const { code, stdout, stderr } = await explain(args, stdin);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`sallyport: ${told}`);
    const problems = stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('sallyport: warning: '));
    expect(problems).toHaveLength(1);
  });
});
