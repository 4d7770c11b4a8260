import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');

/**
 * A handler that opens nothing: only the library keeps the process alive while somebody awaits it. The server answers
 * nobody, and keeps nothing alive either.
 */
const SETTING = `
  import { authenticated, createPrincipal, every, guard, requireScopes, SecurityChain } from '@sallyport/core';
  import { challenge, SecurityRequest } from '@sallyport/core/extend';
  import { ask, buildRequest } from '@sallyport/core/testing';
  import { chainFrom, liveChain } from '@sallyport/configuration';
  import { fastifySecurity } from '@sallyport/adapters/fastify';
  import { fetchSecurity } from '@sallyport/adapters/fetch';
  import { BasicHandler, IntrospectionHandler, JwtHandler } from '@sallyport/handlers';
  import Fastify from 'fastify';
  import { writeFileSync, mkdtempSync } from 'node:fs';
  import { createServer } from 'node:net';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  const never = () => new Promise(() => {});
  const silent = (steps) => ({
    name: 'silent',
    challenges: [challenge('Silent')],
    source: { at: 'header:host' },
    extract: () => 'x',
    verify: () => authenticated(createPrincipal({ subject: 'alice' })),
    ...steps,
  });
  const chainOf = (steps) => new SecurityChain({ requirement: silent(steps), deadlineMs: 50 });
  const configuration = { handlers: { one: { type: 'silent' } }, chain: { requirement: 'one', deadlineMs: 50 } };
  const kinds = (steps) => ({ kinds: { silent: { handler: (_options, { name }) => silent({ ...steps, name }) } } });
  const failed = (error) => error.message;
  const server = createServer((socket) => socket.unref().on('error', () => {})).listen(0, '127.0.0.1').unref();
  const url = await new Promise((resolve) => {
    const listening = setInterval(() => {
      if (server.address() === null) return;
      clearInterval(listening);
      resolve('http://127.0.0.1:' + server.address().port);
    }, 1);
  });
  const outbound = { allowInsecureLoopback: true, timeoutMs: 50 };
  const clientAuthentication = { method: 'client_secret_basic', clientId: 'a', clientSecret: 'b' };
  const introspection = (at) => new IntrospectionHandler({ realm: 'r', clientAuthentication, outbound, ...at });
  const issuer = 'https://as.example';
  const keys = { jwksUri: url, outbound };
  const jwt = () => new JwtHandler({ realm: 'r', issuers: [{ issuer, audience: 'a', algorithms: 'ES256', keys }] });
  const partOf = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const token = [partOf({ alg: 'ES256', typ: 'at+jwt' }), partOf({ iss: issuer }), 'A'.repeat(86)].join('.');
  const reasonOf = async (requirement, parts) => (await ask(new SecurityChain({ requirement }), '/', parts)).reason;
`;

/** The end of each is the value that it prints. */
const AWAITED: readonly (readonly [what: string, program: string, printed: string])[] = [
  ['decide()', 'await chainOf({ verify: never }).decide(buildRequest()).then(({ status }) => status)', '503'],
  [
    'authorize()',
    `await (async () => {
      const chain = chainOf({});
      const request = buildRequest();
      const { status } = await chain.authorize(await chain.decide(request), guard('never', never), request);
      return status;
    })()`,
    '503',
  ],
  [
    'explain()',
    `await chainOf({ verify: never }).explain({ method: 'GET', target: '/', rawHeaders: [] }).then(
      ({ event }) => event.reason)`,
    'deadline_exceeded',
  ],
  ['ask()', '(await ask(chainOf({ verify: never }))).status', '503'],
  [
    'start()',
    'await chainOf({ start: never }).start({ timeoutMs: 50 }).catch(failed)',
    'handler silent did not start within 50 ms',
  ],
  [
    'close()',
    'await chainOf({ close: never }).close({ timeoutMs: 50 }).catch(failed)',
    'Some handlers could not be closed',
  ],
  ['a chain of chainFrom()', '(await ask(await chainFrom(configuration, kinds({ verify: never })))).status', '503'],
  [
    'liveChain() and its decision, reload and close',
    `await (async () => {
      const file = mkdtempSync(join(tmpdir(), 'sallyport-live-')) + '/security.json';
      writeFileSync(file, JSON.stringify(configuration));
      const live = await liveChain(file, kinds({ verify: never }));
      await live.start();
      const { status } = await live.decide(buildRequest());
      const pending = live.decide(buildRequest());
      const isTaken = await live.reload();
      await live.close();
      return [status, isTaken, (await pending).status];
    })()`,
    '503,true,503',
  ],
  [
    'a call to an introspection endpoint',
    "await reasonOf(introspection({ endpoint: url }), { bearer: 'abcdef' })",
    'err_sallyport_upstream_timeout',
  ],
  [
    'start() of a handler that looks for its endpoint',
    "await introspection({ issuer: url }).start().then(() => 'goes on looking')",
    'goes on looking',
  ],
  ['a fetch of keys', 'await reasonOf(jwt(), { bearer: token })', 'err_sallyport_upstream_timeout'],
  ['start() of a handler that fetches keys', "await jwt().start().then(() => 'goes on fetching')", 'goes on fetching'],
  [
    'a store of users',
    `await reasonOf(new BasicHandler({ realm: 'r', users: { find: never }, userStoreTimeoutMs: 50 }), { basic: ['a', 'b'] })`,
    'err_sallyport_upstream_timeout',
  ],
  [
    'a fetch handler',
    `(await fetchSecurity(chainOf({ verify: never }))(() => new Response())(new Request('http://localhost/'))).status`,
    '503',
  ],
  [
    'ready() and inject() of Fastify',
    `await (async () => {
      const app = Fastify();
      await app.register(fastifySecurity(chainOf({ verify: never })).plugin);
      app.get('/', () => '');
      await app.ready();
      return (await app.inject('/')).statusCode;
    })()`,
    '503',
  ],
];

/** How many things still keep the process alive, apart from its output. A socket takes a moment to close. */
const LEFT = `
  const open = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap').length;
  const left = async () => {
    for (let look = 0; look < 200 && open() > 0; look += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    return open();
  };
`;

/** Runs programs one after the other in one process. One that is not kept alive ends the process, and those behind it. */
function run(programs: readonly string[]): Promise<{ readonly status: unknown; readonly printed: readonly string[] }> {
  const printing = programs.map((program) => `console.log(String(${program}), await left());`);
  const script = `${SETTING}${LEFT}${printing.join('\n')}`;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT }, (error, stdout) =>
      resolve({ status: error === null ? 0 : error.code, printed: stdout.trim().split('\n') }),
    );
    child.stdin?.end();
  });
}

describe('a program that awaits a chain is kept alive until the answer', () => {
  let printed: readonly string[];
  beforeAll(async () => {
    ({ printed } = await run(AWAITED.map(([, program]) => program)));
  }, 30_000);

  // Behind each answer nothing is left that would keep the next program alive.
  test.each(AWAITED.map(([what, , answer], index) => [what, answer, index] as const))('%s', (_what, answer, index) => {
    expect(printed[index]).toBe(`${answer} 0`);
  });

  test('and one that awaits what never comes ends with status 13, so that the others prove something', async () => {
    const end = await run(['await reasonOf(introspection({ endpoint: url }), { bearer: "abcdef" })', 'await never()']);
    expect(end).toEqual({ status: 13, printed: ['err_sallyport_upstream_timeout 0'] });
  });
});
