import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  allOf,
  anyOf,
  createPrincipal,
  denied,
  forbidden,
  guard,
  headerHandler,
  type Requirement,
  requireAudience,
  requireRoles,
  requireScopes,
  route,
  routes,
  SecurityChain,
  type SecurityHandler,
  some,
  unavailable,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import { FIXES } from '../../../packages/core/src/events/fixes.js';
import { deciding } from './deciding.js';

const KEY = 'correct-horse-battery-staple';
const CALLER = createPrincipal({
  issuer: 'https://as.example',
  subject: 'alice\n2',
  clientId: 'shop',
  scopes: ['read'],
  roles: ['viewer'],
  audience: ['web'],
});
const keys = headerHandler({
  name: 'keys',
  header: 'X-Key',
  verify: (sent) => (sent === KEY ? CALLER : denied('key_unknown', { detail: 'known are 3 keys' })),
});

async function lineOf(chain: SecurityChain, header: string | undefined, target = '/pets/7?view=all'): Promise<string> {
  const rawHeaders = header === undefined ? [] : ['X-Key', header];
  return (await chain.explain({ method: 'GET', target, rawHeaders })).line;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the line of a decision', () => {
  test('tells operation, handlers, caller, request, chain and time of a grant', async () => {
    const { chain } = deciding();
    const { line } = await chain.explain({
      method: 'GET',
      target: '/pets/7',
      rawHeaders: ['Authorization', 'Bearer good'],
    });
    expect(line).toBe(
      'GET readPet granted; obedient: authenticated, cache hit; caller: user "alice" of "https://as.example", client "shop"; request request-1; chain api; 0 ms',
    );
  });

  test('names the method once where the id of the operation begins with it', async () => {
    const chain = new SecurityChain({ requirement: keys, operations: routes([route('GET', '/pets/{id}')]) });
    expect(await lineOf(chain, KEY)).toMatch(/^GET \/pets\/\{id\} granted; /);
    const { line } = await chain.explain({ method: 'HEAD', target: '/pets/7', rawHeaders: ['X-Key', KEY] });
    expect(line).toMatch(/^HEAD GET \/pets\/\{id\} granted; /);
  });

  test('ends with what to change, which the explanation has as well', async () => {
    const chain = new SecurityChain({ requirement: keys });
    const refused = await chain.explain({ method: 'GET', target: '/', rawHeaders: [] });
    expect(refused.fix).toMatch(/^\S.*\.$/);
    expect(refused.line.endsWith(`. To change: ${refused.fix}`)).toBe(true);
    const granted = await chain.explain({ method: 'GET', target: '/', rawHeaders: ['X-Key', KEY] });
    expect(granted.fix).toBeUndefined();
  });

  test('tells where an outage is, and whole milliseconds', async () => {
    const { chain } = deciding();
    const { line } = await chain.explain({
      method: 'GET',
      target: '/pets/7',
      rawHeaders: ['Authorization', 'Bearer outage'],
    });
    expect(line).toBe(
      'GET readPet denied 503 server_down by obedient; obedient: unavailable, server_down, cache miss (db.internal: no?answer); request request-1; chain api; 500 ms',
    );
  });

  test.each([
    [
      'the path where nothing chose an operation, without query',
      undefined,
      [],
      'GET /pets/{} denied 401 credentials_missing; nothing at header:x-key (keys); chain',
      'Send a credential at a place that the line names',
    ],
    [
      'what a handler says of a refusal',
      'another',
      [],
      'denied 401 key_unknown by keys; keys: denied, key_unknown (known are 3 keys); chain',
      undefined,
    ],
    [
      'all scopes that lack',
      KEY,
      [requireScopes(['read', 'write'])],
      'denied 403 insufficient_scope by requireScopes(read write); keys: authenticated; missing all of ["write"]; caller: user "alice\\n2"',
      'Ask for a token with the missing scopes, or correct requireScopes',
    ],
    [
      'one scope of several',
      KEY,
      [requireScopes(['write', 'admin'], { match: 'any' })],
      'missing one of ["write","admin"]',
      'Ask for a token',
    ],
    [
      'the roles that came and those that are needed',
      KEY,
      [requireRoles('admin')],
      'denied 403 role_missing by requireRoles(admin); keys: authenticated; roles are ["viewer"], needed: ["admin"]; caller',
      'Give the caller the role.',
    ],
    [
      'the roles of which one is needed',
      KEY,
      [requireRoles(['a', 'b'], { match: 'any' })],
      'roles are ["viewer"], one of them is needed: ["a","b"]',
      'Give the caller',
    ],
    [
      'the audience of a guard',
      KEY,
      [requireAudience('api')],
      'aud is ["web"], expected "api"',
      'Ask for a token for this audience, or',
    ],
    [
      'which guard of several refused',
      KEY,
      [
        guard('open', () => true),
        some(
          guard('left', () => false),
          guard('right', () => false),
        ),
      ],
      'policy_refused by left',
      'Look at the guard',
    ],
    [
      'which guard refused after a while',
      KEY,
      [guard('late', async () => false)],
      'policy_refused by late',
      'Look at the guard',
    ],
    [
      'what a guard says',
      KEY,
      [guard('hours', () => forbidden('closed', { detail: 'open from 9' }))],
      'denied 403 closed by hours; keys: authenticated; open from 9; caller',
      undefined,
    ],
    [
      'who met the outage of a guard',
      KEY,
      [guard('engine', () => unavailable('econnrefused', { detail: 'opa.internal:8181' }))],
      'denied 503 econnrefused by engine; keys: authenticated; opa.internal:8181; caller: user',
      undefined,
    ],
    [
      'who met the bug of a guard, and where it is',
      KEY,
      [
        guard('broken', () => {
          throw new RangeError(KEY);
        }),
      ],
      'denied 500 guard_threw; keys: authenticated; broken failed with RangeError: (cut out), at ',
      'Mend the guard at the place that the line names',
    ],
  ] as const)('tells %s', async (_what, header, guards, expected, fix) => {
    const line = await lineOf(new SecurityChain({ requirement: keys, guards }), header);
    expect(line).toContain(expected);
    if (fix === undefined) expect(line).not.toContain('To change:');
    else expect(line.split('To change: ')[1]).toContain(fix);
    expect(line).not.toContain(KEY);
    expect(line).toMatch(/^[\x20-\x7e…]+$/);
  });

  const leaving = (name: string, cause?: string): SecurityHandler => ({
    name,
    challenges: keys.challenges,
    source: { at: 'authorization:bearer', selective: true },
    fixes: { strange: `Register with ${name}.`, credentials_missing: `Log in with ${name}.` },
    extract: (request) => void request.trace?.noteUnclaimed(name, 'not of here', cause),
    verify: () => denied('never'),
  });
  const adviceOf = async (requirement: Requirement, ...rawHeaders: string[]) => {
    const method = rawHeaders.includes('Access-Control-Request-Method') ? 'OPTIONS' : 'GET';
    const { line } = await new SecurityChain({ requirement }).explain({ method, target: '/', rawHeaders });
    return line.split('To change: ')[1];
  };

  test.each<[string, Requirement, string[], string]>([
    [
      'a scheme that nobody reads',
      keys,
      ['Authorization', 'Token x'],
      'Send a scheme that is expected, or give the handler the source authorization:token.',
    ],
    [
      'a scheme that may be a credential itself',
      keys,
      ['Authorization', 'Sk-live-4711-abcdefghijkl x'],
      'Send a scheme that is expected, or give the handler the source authorization:<scheme>.',
    ],
    [
      'a credential that a handler left, by the cause that it told',
      leaving('one', 'strange'),
      ['Authorization', 'Bearer x'],
      'Register with one.',
    ],
    [
      'a credential that several left, each in its words',
      anyOf(leaving('one', 'strange'), leaving('two', 'strange')),
      ['Authorization', 'Bearer x'],
      'Register with one. Register with two.',
    ],
    [
      'a credential that a handler left without a cause',
      leaving('one'),
      ['Authorization', 'Bearer x'],
      'Put a handler for such credentials into the requirement: those that look there left them to others. If none should stand there, find out what sends them, such as a gateway or a script.',
    ],
    ['nothing sent, in the words of the handlers asked', leaving('one'), ['Host', 'x'], 'Log in with one.'],
    [
      'one of several credentials that are all needed',
      allOf(keys, leaving('one')),
      ['X-Key', KEY],
      'Send all of them. If one is enough, write anyOf instead of allOf.',
    ],
    [
      'a preflight',
      leaving('one'),
      ['Origin', 'https://shop.example', 'Access-Control-Request-Method', 'POST'],
      'Mount the CORS middleware in front of secure(), or set allowPreflight.',
    ],
  ])('tells what to change by the cause: %s', async (_cause, requirement, rawHeaders, advice) => {
    expect(await adviceOf(requirement, ...rawHeaders)).toBe(advice);
  });

  test('tells what to change by the cause: headers that a host or mock has made', async () => {
    const request = { method: 'GET', target: '/', rawHeaders: [], headersFrom: 'parsed' } as const;
    const { line } = await new SecurityChain({ requirement: leaving('one') }).explain(request);
    expect(line.split('To change: ')[1]).toBe(`Log in with one. ${FIXES['headers_parsed']}`);
  });

  test('tells of a bug what to change by its code, if that tells', async () => {
    const code = 'ERR_SALLYPORT_SEVERAL_COPIES';
    const verify = () => {
      throw Object.assign(new Error('two copies'), { code });
    };
    const broken = headerHandler({ name: 'broken', header: 'X-Broken', verify });
    expect(await adviceOf(broken, 'X-Broken', 'x')).toBe(FIXES[code.toLowerCase()]);
  });

  test('tells what to change in the words of the handler that refused, not of another', async () => {
    const fixing = (name: string) => ({
      name,
      challenges: keys.challenges,
      source: `header:x-${name}`,
      fixes: { key_unknown: `Register the ${name}.` },
      extract: (request: SecurityRequest) => request.header(`x-${name}`),
      verify: () => denied('key_unknown'),
    });
    const chain = new SecurityChain({ requirement: anyOf(fixing('one'), fixing('two')) });
    const { line } = await chain.explain({ method: 'GET', target: '/', rawHeaders: ['X-Two', 'x'] });
    expect(line).toContain('To change: Register the two.');
  });

  test('shows of a path plain words alone, since the rest may be a secret, and cuts path and method to 120 characters', async () => {
    const chain = new SecurityChain({ requirement: keys });
    expect(await lineOf(chain, KEY, `/keys/${KEY}/x`)).toContain('GET /keys/(cut out)/x granted');
    expect(await lineOf(chain, KEY, '/Reset/v1/7/aB9/%61%2f%252Fx.html')).toContain(
      'GET /Reset/v1/{}/{}/{}%2f%252Fx.html denied 400',
    );
    const { line } = await chain.explain({ method: 'M'.repeat(200), target: '/pets'.repeat(40), rawHeaders: [] });
    expect(line).toContain(`${'M'.repeat(120)} ${'/pets'.repeat(24)} denied`);
  });

  test('is one printable line, whatever handlers note (CWE-117)', async () => {
    const leaving = {
      name: 'leaving',
      challenges: keys.challenges,
      source: 'authorization:bearer',
      extract: (request: SecurityRequest) =>
        void request.trace?.noteUnclaimed('leaving', 'iss is "x\nSALLYPORT 1: granted"'),
      verify: () => denied('never'),
    };
    const chain = new SecurityChain({ requirement: leaving });
    const { line } = await chain.explain({ method: 'GET', target: '/', rawHeaders: ['Authorization', 'Bearer x'] });
    expect(line).toContain('leaving leaves it: iss is "x?SALLYPORT 1: granted"');
    expect(line).toMatch(/^[\x20-\x7e…]+$/);
  });

  test('tells the guard of a route, and the route where there is no operation', async () => {
    const debug = jest.fn<(line: string) => void>();
    const chain = new SecurityChain({ requirement: keys }, { debug });
    const request = new SecurityRequest({
      method: 'GET',
      target: '/pets/7',
      rawHeaders: ['X-Key', KEY],
      route: { method: 'GET', template: '/pets/:id' },
    });
    const granted = await chain.decide(request);
    if (granted.kind !== 'granted') throw new Error('not granted');
    await chain.authorize(
      granted,
      guard('owner', () => false),
      request,
    );
    expect(debug.mock.calls.map(([line]) => line.split(';')[0])).toEqual([
      'GET /pets/:id granted',
      'GET /pets/:id (owner) denied 403 policy_refused by owner',
    ]);
  });

  test('a writer that throws changes no decision', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const debug = () => {
      throw new Error(KEY);
    };
    const chain = new SecurityChain({ requirement: keys }, { debug, clock: new ManualClock() });
    const decision = await chain.decide(buildRequest('/', { headers: { 'X-Key': KEY } }));
    expect(decision.kind).toBe('granted');
    expect(String(warn.mock.calls)).not.toContain(KEY);
  });
});

describe('NODE_DEBUG', () => {
  const program = `
    import { anonymous, route, routes, SecurityChain } from '@sallyport/core';
    import { SecurityRequest } from '@sallyport/core/extend';
    const operations = routes([route('GET', '/', { id: 'home' })]);
    const chain = new SecurityChain({ requirement: anonymous(), operations });
    for (const target of ['/', '/?x=1']) await chain.decide(new SecurityRequest({ method: 'GET', target, rawHeaders: [] }));
  `;

  test.each([
    ['sallyport', 2],
    ['http2,SALLYPORT', 2],
    ['sally*', 2],
    ['http2', 0],
    ['', 0],
  ])('as %j writes %i lines to stderr for two decisions', async (section, count) => {
    const env = { ...process.env, NODE_DEBUG: section };
    const { stderr, stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env,
    });
    const lines = stderr.split('\n').filter((line) => line.startsWith('SALLYPORT '));
    expect(lines).toHaveLength(count);
    for (const line of lines)
      expect(line).toMatch(/^SALLYPORT \d+: GET home granted; caller: anonymous; chain default; \d+ ms$/);
    expect(stdout).toBe('');
  });
});

test('a route of a contract is named by its operation', async () => {
  const operations = routes([route('GET', '/pets/{petId}', { id: 'readPet', guards: [requireScopes('write')] })]);
  const line = await lineOf(new SecurityChain({ requirement: keys, operations }), KEY);
  expect(line).toMatch(/^GET readPet denied 403 insufficient_scope/);
});
