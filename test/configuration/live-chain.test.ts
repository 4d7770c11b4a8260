import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { httpSecurity, upgradeSecurity } from '@sallyport/adapters/http';
import {
  type ConfigurationEvent,
  type LiveChain,
  type LiveChainServices,
  liveChain,
  onConfigurationEvent,
} from '@sallyport/configuration';
import {
  type Decision,
  type GrantedDecision,
  guard,
  optional,
  requireRoles,
  requireScopes,
  type SecurityHandler,
} from '@sallyport/core';
import { type HandlerKind, type Kinds, PERMITTED, type SecurityRequest } from '@sallyport/core/extend';
import { ask, buildRequest, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { heldOf } from '../support/held-memory.js';
import { badge, badgeHandler, notedBadge, officeHours } from './application-kinds.js';

/** A manual clock that tells when the next look at the files is waited for: then the look before is over. */
class LookingClock extends ManualClock {
  #waiting: (() => void)[] = [];

  override schedule(delayMs: number, run: () => void): () => void {
    const cancel = super.schedule(delayMs, run);
    if (delayMs === 10_000) for (const tell of this.#waiting.splice(0)) tell();
    return cancel;
  }

  /** Lets the time until the next look pass, and waits until the look is over. */
  async look(): Promise<void> {
    const over = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.pass(10);
    await over;
  }
}

let directory: string;
let clock: LookingClock;
let file: string;
let files = 0;

/** Problems that nobody listens to. */
let warn: jest.SpiedFunction<typeof process.emitWarning>;

beforeAll(async () => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  directory = await mkdtemp(join(tmpdir(), 'live-chain-'));
});

afterAll(async () => {
  warn.mockRestore();
  await rm(directory, { recursive: true });
});

beforeEach(() => {
  clock = new LookingClock();
  files += 1;
  file = join(directory, `security-${files}.yaml`);
});

/** Replaces a file as a whole. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

const withSecret = (secret: string, more = '') =>
  `chain: { name: doors, requirement: doors${more} }\nhandlers: { doors: { type: badge, options: { secret: '${secret}' } } }\n`;
const BROKEN = 'chain: { name: doors, requirement: windows }\nhandlers: { doors: { type: badge } }\n';

const live = (services: Partial<LiveChainServices> = {}): Promise<LiveChain> =>
  liveChain(file, { kinds: { ...builtInHandlers, badge, officeHours }, clock, environment: {}, ...services });

async function started(text: string, services: Partial<LiveChainServices> = {}): Promise<LiveChain> {
  await writeFile(file, text);
  const chain = await live(services);
  await chain.start();
  return chain;
}

const withBadge = (sent: string) => buildRequest('GET /', { headers: { 'x-badge': sent } });
const kindOf = async (chain: LiveChain, sent: string) => (await chain.decide(withBadge(sent))).kind;

async function granted(chain: LiveChain, sent: string): Promise<GrantedDecision> {
  const decision = await chain.decide(withBadge(sent));
  if (decision.kind !== 'granted') throw new Error('not granted');
  return decision;
}

/** The events while a task runs. */
async function eventsOf(task: () => Promise<unknown>): Promise<readonly ConfigurationEvent[]> {
  const events: ConfigurationEvent[] = [];
  const stop = onConfigurationEvent((event) => events.push(event));
  await task().finally(stop);
  return events;
}

/** A handler that answers when the test says so, and notes when it is closed. */
function slowBadge(log: string[]) {
  const answers: (() => void)[] = [];
  const kind: HandlerKind = {
    handler(options, { name }): SecurityHandler {
      const handler = badgeHandler(name, options, { close: async () => void log.push(`${handler.name} closes`) });
      return {
        ...handler,
        verify: (sent, request) =>
          new Promise((resolve) => {
            answers.push(() => resolve(handler.verify(sent as string, request) as never));
          }),
      };
    },
  };
  return { kind, answers };
}

describe('a changed file takes over', () => {
  test('after two looks in a row have found the same', async () => {
    const chain = await started(withSecret('one'));
    await replace(file, withSecret('two'));
    await clock.look();
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two')]).toEqual(['granted', 'denied']);
    const events = await eventsOf(() => clock.look());
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two')]).toEqual(['denied', 'granted']);
    expect(events).toEqual([{ kind: 'configuration_taken', file }]);
    await chain.close();
  });

  test('and tells whether bodies are needed, for adapters that have none', async () => {
    const webhook = "{ type: webhook, options: { scheme: github, secrets: 'a secret for tests' } }";
    const chain = await started(
      `chain: { name: hooks, requirement: hook, maxBodyBytes: 2000 }\nhandlers: { hook: ${webhook} }\n`,
    );
    expect(() => upgradeSecurity(chain)).toThrow('verifyBody');
    await replace(file, withSecret('one'));
    await chain.reload();
    expect(() => upgradeSecurity(chain)).not.toThrow();
    await chain.close();
  });

  test('a file that is half written is never taken, though half of it makes sense', async () => {
    const whole = withSecret('two', ', guards: [{ type: officeHours, options: { from: 9 } }]').split(', guards');
    const chain = await started(withSecret('one'));
    const half = `${whole[0]} }\nhandlers: { doors: { type: badge, options: { secret: two } } }\n`;
    await writeFile(file, half);
    await clock.look();
    await writeFile(file, whole.join(', guards'));
    await clock.look();
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two')]).toEqual(['granted', 'denied']);
    await clock.look();
    // 8 o'clock: the guard refuses.
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two')]).toEqual(['denied', 'denied']);
    await chain.close();
  });

  test('a file that was not changed, or only touched, leaves the chain as it is', async () => {
    const chain = await started(withSecret('one'));
    const before = chain.chain;
    await replace(file, withSecret('one'));
    for (let looks = 0; looks < 3; looks += 1) await clock.look();
    expect(chain.chain).toBe(before);
    await chain.close();
  });

  test('by order, at once and also when nothing has changed', async () => {
    const chain = await started(withSecret('one'));
    await replace(file, withSecret('two'));
    expect(await chain.reload()).toBe(true);
    expect(await kindOf(chain, 'two')).toBe('granted');
    const before = chain.chain;
    expect(await chain.reload()).toBe(true);
    expect(chain.chain).not.toBe(before);
    await chain.close();
  });

  test('with the metadata of its resource (RFC 9728 3)', async () => {
    const path = '/.well-known/oauth-protected-resource';
    const chain = await started(withSecret('one'));
    expect(chain.published('GET', path)).toBeUndefined();
    for (const identifier of ['https://one.example', 'https://two.example']) {
      await replace(file, withSecret('one', `, resource: { identifier: '${identifier}' }`));
      await chain.reload();
      expect(chain.published('GET', path)?.body).toBe(JSON.stringify({ resource: identifier }));
    }
    await chain.close();
  });

  test('which may be named by a URL', async () => {
    await writeFile(file, withSecret('one'));
    const chain = await liveChain(pathToFileURL(file), { kinds: { badge }, clock });
    await replace(file, withSecret('two'));
    expect(await chain.reload()).toBe(true);
    expect(await kindOf(chain, 'two')).toBe('granted');
    await chain.close();
  });
});

describe('a change is noticed', () => {
  const API = (scopes: string) =>
    [
      'openapi: 3.0.4',
      'info: { title: Orders, version: "1" }',
      'components: { securitySchemes: { Badge: { type: apiKey, in: header, name: x-badge } } }',
      'paths:',
      `  /: { get: { operationId: root, security: [${scopes}], responses: { 200: { description: ok } } } }`,
      '',
    ].join('\n');

  test('of the contract', async () => {
    const api = join(directory, 'api.yaml');
    await writeFile(api, API('{ Badge: [] }'));
    const chain = await started(
      withSecret('one').replace('requirement: doors', `contract: { document: api.yaml, schemes: { Badge: doors } }`),
    );
    expect(await kindOf(chain, 'wrong')).toBe('denied');
    await replace(api, API('{}'));
    await clock.look();
    await clock.look();
    expect(await kindOf(chain, 'wrong')).toBe('granted');
    await chain.close();
  });

  test('of the file of a secret', async () => {
    const secret = join(directory, 'secret');
    await writeFile(secret, 'one\n');
    const chain = await started(withSecret(`\${file:secret}`));
    await replace(secret, 'two\n');
    await clock.look();
    await clock.look();
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two')]).toEqual(['denied', 'granted']);
    await chain.close();
  });

  test('of a file that the change itself names, which must be found twice as well', async () => {
    const chain = await started(withSecret('one'));
    await writeFile(join(directory, 'later'), 'half');
    await replace(file, withSecret(`\${file:later}`));
    await clock.look();
    await clock.look();
    expect(await kindOf(chain, 'one')).toBe('granted');
    await writeFile(join(directory, 'later'), 'half and half');
    await clock.look();
    await clock.look();
    expect([await kindOf(chain, 'half'), await kindOf(chain, 'half and half')]).toEqual(['denied', 'granted']);
    await chain.close();
  });

  test('of a user file, by its own store and without another chain', async () => {
    const users = join(directory, 'users');
    const hashes = {
      one: '$2y$04$abcdefghijklmnopqrstuuRe4FYhyTTeKF0GsbKpmWdUkM0sR8SZi',
    };
    await writeFile(users, `alice:${hashes.one}\n`);
    const chain = await started(
      'chain: { requirement: users }\nhandlers: { users: { type: basic, options: { realm: r, users: { htpasswd: { path: users } } } } }\n',
    );
    const before = chain.chain;
    const events: unknown[] = [];
    const { onBasicEvent } = await import('@sallyport/handlers/basic');
    const stop = onBasicEvent((event) => events.push(event.kind));
    await replace(users, `bob:${hashes.one}\n`);
    clock.pass(2);
    await chain.decide(buildRequest('GET /', { basic: ['bob', 'wrong'] } as never));
    stop();
    expect(events).toContain('user_file_reloaded');
    expect(chain.chain).toBe(before);
    await chain.close();
  });
});

describe('a change that cannot be used leaves everything as it is', () => {
  test('and is told once, with line and column', async () => {
    const chain = await started(withSecret('one'));
    await replace(file, BROKEN);
    const events = await eventsOf(async () => {
      for (let looks = 0; looks < 4; looks += 1) await clock.look();
    });
    const problem = `${file}:1:23 chain.requirement needs the handler "windows", which is not there`;
    expect(events).toEqual([{ kind: 'configuration_rejected', file, problem: expect.stringContaining(problem) }]);
    expect(chain.problem?.message).toContain(problem);
    expect(await kindOf(chain, 'one')).toBe('granted');
    await chain.close();
  });

  test.each([
    ['broken syntax', '{', /neither YAML nor JSON/],
    ['a missing file', undefined, /ENOENT/],
  ])('%s', async (_name, text, problem) => {
    const chain = await started(withSecret('one'));
    await (text === undefined ? rm(file) : replace(file, text));
    expect(await chain.reload()).toBe(false);
    expect(chain.problem?.message).toMatch(problem);
    expect(await kindOf(chain, 'one')).toBe('granted');
    await chain.close();
  });

  test('until it is mended', async () => {
    const chain = await started(withSecret('one'));
    await replace(file, BROKEN);
    await clock.look();
    await clock.look();
    await replace(file, withSecret('two'));
    await clock.look();
    await clock.look();
    expect([await kindOf(chain, 'one'), await kindOf(chain, 'two'), chain.problem]).toEqual([
      'denied',
      'granted',
      undefined,
    ]);
    await chain.close();
  });

  test('as when an issuer has no keys at the start (requireKeysAtStart)', async () => {
    const chain = await started(withSecret('one'));
    const before = chain.chain;
    const issuer = `{ issuer: https://127.0.0.1:1, audience: api, algorithms: ES256, keys: { discovery: true } }`;
    const options = `{ realm: r, requireKeysAtStart: true, issuers: [${issuer}] }`;
    await replace(file, `chain: { requirement: signed }\nhandlers: { signed: { type: jwt, options: ${options} } }\n`);
    let isOver = false;
    const reloading = chain.reload().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await nextTurn();
      clock.pass(1);
    }
    expect(await reloading).toBe(false);
    expect(chain.chain).toBe(before);
    expect(await kindOf(chain, 'one')).toBe('granted');
    await chain.close();
  });

  test('a start that fails closes what was built, and tells no value', async () => {
    const log: string[] = [];
    const failing: HandlerKind = {
      handler: (options, { name }) =>
        badgeHandler(name, options, {
          start: async () => {
            throw new Error('hunter2');
          },
          close: async () => void log.push('closes'),
        }),
    };
    const chain = await started(withSecret('one'), { kinds: { badge, failing } });
    await replace(file, withSecret('two').replace('type: badge', 'type: failing'));
    const events = await eventsOf(() => chain.reload());
    expect(events).toEqual([{ kind: 'configuration_rejected', file, problem: 'a handler failed with Error' }]);
    expect(chain.problem?.message).toBe('hunter2');
    expect(log).toEqual(['closes']);
    expect(await kindOf(chain, 'one')).toBe('granted');
    await chain.close();
  });

  test('and warns of it when nobody listens', async () => {
    const chain = await started(withSecret('one'));
    warn.mockClear();
    await replace(file, BROKEN);
    await chain.reload();
    await eventsOf(() => chain.reload());
    expect(warn.mock.calls).toEqual([[expect.stringContaining('configuration_rejected'), 'SallyportWarning']]);
    await chain.close();
  });
});

describe('the chain before a change', () => {
  test('is closed after its last decision', async () => {
    const log: string[] = [];
    const { kind, answers } = slowBadge(log);
    const chain = await started(withSecret('one').replace('type: badge', 'type: slow'), {
      kinds: { badge, slow: kind },
    });
    const first = chain.decide(withBadge('one'));
    const second = chain.decide(withBadge('wrong'));
    await replace(file, withSecret('two'));
    expect(await chain.reload()).toBe(true);
    expect(log).toEqual([]);
    answers[0]?.();
    expect((await first).kind).toBe('granted');
    await nextTurn();
    expect(log).toEqual([]);
    answers[1]?.();
    expect((await second).kind).toBe('denied');
    await nextTurn();
    expect(log).toEqual(['doors closes']);
    await chain.close();
  });

  test('is asked about its own grants: guards of routes, and whether they still hold', async () => {
    const log: string[] = [];
    const closing: HandlerKind = {
      handler: (options, { name }) => badgeHandler(name, options, { close: async () => void log.push('closes') }),
    };
    const chain = await started(withSecret('one').replace('type: badge', 'type: closing'), {
      kinds: { badge, closing },
    });
    const grant = await granted(chain, 'one');
    let permit: (() => void) | undefined;
    const slow = guard('slow', () => new Promise<typeof PERMITTED>((resolve) => (permit = () => resolve(PERMITTED))));
    const asked = chain.authorize(grant, slow, withBadge('one'));
    await replace(file, withSecret('two'));
    await chain.reload();
    expect(log).toEqual([]);
    permit?.();
    expect(((await asked) as Decision).kind).toBe('granted');
    await nextTurn();
    expect(log).toEqual(['closes']);
    expect(chain.covers(grant, withBadge('one'))).toBe(true);
    const refused = await chain.authorize(grant, requireRoles('clerk'), withBadge('one'));
    expect(refused).toMatchObject({ kind: 'denied', status: 403 });
    await chain.close();
  });

  test('that cannot be closed is told', async () => {
    const stuck: HandlerKind = {
      handler: (options, { name }) =>
        badgeHandler(name, options, {
          close: async () => {
            throw new Error('hunter2');
          },
        }),
    };
    const chain = await started(withSecret('one').replace('type: badge', 'type: stuck'), { kinds: { badge, stuck } });
    await replace(file, withSecret('two'));
    const events = await eventsOf(async () => {
      await chain.reload();
      await chain.close();
    });
    expect(events.at(-1)).toEqual({ kind: 'chain_left_open', file, problem: 'a handler failed with AggregateError' });
  });

  test('another chain does not cover its grants', async () => {
    const chain = await started(withSecret('one'));
    const other = await live();
    const grant = await granted(chain, 'one');
    expect([chain.covers(grant, withBadge('one')), other.covers(grant, withBadge('one'))]).toEqual([true, false]);
    expect(chain.covers({ kind: 'granted' } as never, withBadge('one'))).toBe(false);
    await chain.close();
    await other.close();
  });
});

describe('what a route requires besides the file', () => {
  const keyed = (log: string[] = []) =>
    badgeHandler(
      'keys',
      { header: 'x-key', secret: 'key', subject: 'robot' },
      {
        start: async () => void log.push('starts'),
        close: async () => void log.push('closes'),
      },
    );
  const withKey = (lines: object = {}) => buildRequest('GET /', { headers: { 'x-key': 'key', ...lines } });

  test('stays the same when the file changes, and is neither closed nor started by that', async () => {
    const log: string[] = [];
    const keys = keyed(log);
    const chain = await started(withSecret('one'));
    const own = chain.requiring(keys);
    await writeFile(file, withSecret('two', ', guards: [{ type: officeHours, options: { from: 24 } }]'));
    expect((await own.decide(withKey())).kind).toBe('granted');
    expect(await chain.reload()).toBe(true);
    // The guards are those of the file.
    expect((await own.decide(withKey())).kind).toBe('denied');
    expect(log).toEqual(['starts']);
    await chain.close();
    expect(log).toEqual(['starts', 'closes']);
  });

  test('a request that one chain has granted is decided by it at its route, too', async () => {
    const chain = await started(withSecret('one'));
    const own = chain.requiring(keyed());
    const request = withKey({ 'x-badge': 'one' });
    const earlier = await chain.decide(request);
    if (earlier.kind !== 'granted') throw new Error('not granted');
    await writeFile(file, withSecret('two'));
    await chain.reload();
    const decision = await own.decide(request, earlier);
    expect(decision.kind === 'granted' && decision.principal.via.map(({ handler }) => handler)).toEqual([
      'doors',
      'keys',
    ]);
    expect(own.covers(decision as GrantedDecision, request)).toBe(true);
    expect(chain.covers(decision as GrantedDecision, request)).toBe(false);
    await chain.close();
  });

  test("a change that does not go with a route's requirement is not taken", async () => {
    const log: string[] = [];
    const services = { kinds: { badge: notedBadge(log), officeHours } };
    const chain = await started(withSecret('one'), services);
    chain.requiring(keyed());
    log.length = 0;
    await writeFile(file, withSecret('one').replaceAll('doors', 'keys'));
    expect(await chain.reload()).toBe(false);
    expect(chain.problem?.message).toContain('two handlers are called "keys"');
    expect(log).toEqual(['keys closes']);
    expect(await kindOf(chain, 'badge-0001')).toBe('denied');
    await chain.close();
  });

  test('a guard stands in the metadata of every chain that takes over', async () => {
    const resource = ', resource: { identifier: https://api.example }';
    const chain = await started(withSecret('one', resource));
    const added = requireScopes('orders:read');
    chain.expect(added);
    const scopes = () => chain.chain.resource?.metadata['scopes_supported'];
    expect(scopes()).toEqual(['orders:read']);
    await writeFile(file, withSecret('two', resource));
    await chain.reload();
    expect(scopes()).toEqual(['orders:read']);
    const decision = await chain.decide(buildRequest('GET /'), undefined, added);
    expect(decision.kind).toBe('denied');
    await chain.close();
  });

  test('a requirement that nobody uses any more is not kept', async () => {
    const chain = await started(withSecret('one'));
    const keys = keyed();
    const left = Array.from({ length: 10 }, () => {
      const requirement = optional(keys);
      chain.requiring(requirement);
      return new WeakRef(requirement);
    });
    expect(await heldOf(left)).toEqual([]);
    await chain.close();
  });
});

describe('the life of it', () => {
  test('a file that cannot be used at the beginning is an error', async () => {
    await writeFile(file, BROKEN);
    await expect(live()).rejects.toMatchObject({ code: 'ERR_SALLYPORT_OPTION_INVALID' });
    await expect(liveChain({} as never, { kinds: {} })).rejects.toThrow('the file of liveChain() must be a path');
  });

  test('nothing waits after it was closed, and nothing is read any more', async () => {
    const chain = await started(withSecret('one'));
    expect(clock.waiting).toBeGreaterThan(0);
    await Promise.all([chain.close(), chain.close()]);
    expect(clock.waiting).toBe(0);
    await replace(file, withSecret('two'));
    expect(await chain.reload()).toBe(false);
    expect(await kindOf(chain, 'one')).toBe('granted');
  });

  test('a change that is under way when it is closed is closed as well', async () => {
    const log: string[] = [];
    const noted: HandlerKind = {
      handler: (options, { name }) => badgeHandler(name, options, { close: async () => void log.push('closes') }),
    };
    const chain = await started(withSecret('one'), { kinds: { badge, noted } as Kinds });
    await replace(file, withSecret('two').replace('type: badge', 'type: noted'));
    const reloading = chain.reload();
    await nextTurn();
    await chain.close();
    await reloading;
    expect(log).toEqual(['closes']);
  });

  test('it tells since when its chain decides', async () => {
    const chain = await started(withSecret('one'));
    const before = chain.sinceMs;
    clock.pass(5);
    await chain.reload();
    expect(chain.sinceMs - before).toBe(5_000);
    expect((await ask(chain.chain as never, 'GET /')).status).toBe(401);
    await chain.close();
  });
});

describe('under load, over sockets', () => {
  interface Answers {
    readonly all: number[];
    readonly first: number[];
    readonly second: number[];
    readonly stranger: number[];
  }

  test('good, broken and good files lose no request, refuse none wrongly, and none is decided by half a file', async () => {
    const open = new Set<string>();
    let number = 0;
    const usedAfterClose: string[] = [];
    /** Answers in a later turn, and notes when it is asked after its close. */
    const counting: HandlerKind<{ secrets: readonly string[] }> = {
      handler({ secrets }, { name }) {
        number += 1;
        const id = String(number);
        open.add(id);
        const { verify, ...handler } = badgeHandler(name, {}, { close: async () => void open.delete(id) });
        return {
          ...handler,
          async verify(sent: string, request: SecurityRequest) {
            await nextTurn();
            if (!open.has(id)) usedAfterClose.push(id);
            return verify(secrets.includes(sent) ? 'badge-0001' : 'wrong', request);
          },
        } as SecurityHandler;
      },
    };
    const text = (secret: string) =>
      `chain: { requirement: doors }\nhandlers: { doors: { type: counting, options: { secrets: [everybody, ${secret}] } } }\n`;
    const chain = await started(text('first'), { kinds: { counting } });
    const secure = httpSecurity(chain);
    const server: Server = createServer(secure((_request, response) => void response.end('ok')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const statusOf = (sent: string) =>
      new Promise<number>((resolve, reject) => {
        const sending = httpRequest({ port, agent, headers: { 'x-badge': sent } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        });
        sending.on('error', reject).end();
      });

    let isOver = false;
    const answers: Answers = { all: [], first: [], second: [], stranger: [] };
    const asking = async (sent: string, into: number[]) => {
      while (!isOver) into.push(await statusOf(sent));
    };
    const callers = [
      asking('everybody', answers.all),
      asking('everybody', answers.all),
      asking('first', answers.first),
      asking('second', answers.second),
      asking('stranger', answers.stranger),
    ];
    const few = async () => {
      for (let requests = 0; requests < 20; requests += 1) await statusOf('everybody');
    };

    await few();
    await replace(file, text('second'));
    expect(await chain.reload()).toBe(true);
    expect([await statusOf('first'), await statusOf('second')]).toEqual([401, 200]);
    await few();
    await replace(file, text('first').slice(0, -20));
    expect(await chain.reload()).toBe(false);
    await few();
    expect([await statusOf('first'), await statusOf('second')]).toEqual([401, 200]);
    await replace(file, text('first'));
    expect(await chain.reload()).toBe(true);
    expect([await statusOf('first'), await statusOf('second')]).toEqual([200, 401]);
    await few();
    isOver = true;
    await Promise.all(callers);
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
    await chain.close();

    const changes = (statuses: readonly number[]) => statuses.filter((status, index) => status !== statuses[index - 1]);
    expect(changes(answers.all)).toEqual([200]);
    expect(changes(answers.stranger)).toEqual([401]);
    expect(changes(answers.first)).toEqual([200, 401, 200]);
    expect(changes(answers.second)).toEqual([401, 200, 401]);
    expect(usedAfterClose).toEqual([]);
    expect([...open]).toEqual([]);
    expect(number).toBe(3);
  });
});
