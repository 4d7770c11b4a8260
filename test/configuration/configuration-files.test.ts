import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ChainServices, type ConfigurationSource, chainFrom } from '@sallyport/configuration';
import { ConfigurationError, forbidden, type SecurityChain } from '@sallyport/core';
import { ABSTAINED, type HandlerKind, type Kinds } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { badge, memoryStore, officeHours } from './application-kinds.js';
import { BROKEN_FILES, CANARY } from './broken-files.js';

const KINDS: Kinds = { ...builtInHandlers, badge, officeHours, memory: memoryStore() };

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'configuration-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function fileOf(name: string, text: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const chainOf = (source: ConfigurationSource, services: Partial<ChainServices> = {}): Promise<SecurityChain> =>
  chainFrom(source, { kinds: KINDS, environment: {}, ...services });

async function errorOf(
  source: ConfigurationSource,
  services: Partial<ChainServices> = {},
): Promise<ConfigurationError> {
  try {
    await (await chainOf(source, services)).close();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The status of a request with this badge. */
async function statusOf(chain: SecurityChain, sent: string): Promise<number> {
  const { status } = await ask(chain, '/', { headers: { 'x-badge': sent } });
  await chain.close();
  return status;
}

const withSecret = (secret: string) =>
  `chain: { requirement: doors }\nhandlers: { doors: { type: badge, options: { secret: '${secret}' } } }\n`;
/** A reference to a file. */
const fileRef = (path: string) => `\${file:${path}}`;

describe('a chain from a file', () => {
  test.each([
    ['YAML', 'doors.yaml', withSecret('badge-0002')],
    [
      'JSON',
      'doors.json',
      JSON.stringify({
        chain: { requirement: 'doors' },
        handlers: { doors: { type: 'badge', options: { secret: 'badge-0002' } } },
      }),
    ],
    ['UTF-8 with a byte order mark (RFC 3629 6)', 'marked.yaml', `\ufeff${withSecret('badge-0002')}`],
  ])('may be %s', async (_name, name, text) => {
    expect(await statusOf(await chainOf(await fileOf(name, text)), 'badge-0002')).toBe(200);
  });

  test('may be named by a URL', async () => {
    const path = await fileOf('by-url.yaml', withSecret('badge-0003'));
    expect(await statusOf(await chainOf(pathToFileURL(path)), 'badge-0003')).toBe(200);
  });

  test('finds its contract and its user file from its own folder', async () => {
    await mkdir(join(directory, 'own'), { recursive: true });
    await fileOf(
      'own/api.yaml',
      [
        'openapi: 3.0.4',
        'info: { title: Orders, version: "1" }',
        'components: { securitySchemes: { Users: { type: http, scheme: basic } } }',
        'paths:',
        '  /orders: { get: { operationId: orders, security: [{ Users: [] }], responses: { 200: { description: ok } } } }',
        '',
      ].join('\n'),
    );
    await fileOf('own/users', 'alice:$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n');
    const path = await fileOf(
      'own/security.yaml',
      [
        'chain: { contract: { document: api.yaml, schemes: { Users: users } } }',
        'handlers: { users: { type: basic, options: { realm: r, users: { htpasswd: { path: users } } } } }',
        '',
      ].join('\n'),
    );
    const chain = await chainOf(path);
    expect((await ask(chain, 'GET /orders')).challenges).toEqual(['Basic realm="r", charset="UTF-8"']);
    expect((await ask(chain, 'GET /others')).status).toBe(404);
    await chain.close();
  });

  test('gives the guards and rate classes that its contract names, built in and of the application', async () => {
    const operation = (id: string, guard: string) =>
      `{ get: { operationId: ${id}, x-sallyport: { ${guard} }, responses: { 200: { description: ok } } } }`;
    await fileOf(
      'guarded.yaml',
      [
        'openapi: 3.0.4',
        'info: { title: Orders, version: "1" }',
        'components: { securitySchemes: { Badge: { type: apiKey, in: header, name: x-badge } } }',
        'security: [{ Badge: [] }]',
        'paths:',
        `  /staff: ${operation('staff', 'guards: [clerksOnly]')}`,
        `  /night: ${operation('night', 'guards: [byDay]')}`,
        `  /bulk: ${operation('bulk', 'rateClasses: [closed]')}`,
        `  /owned: ${operation('owned', 'rateClasses: [calm], guards: [owner]')}`,
        `  /calm: ${operation('calm', 'rateClasses: [calm]')}`,
        `  /vault: ${operation('vault', 'stepUp: { maxAgeSeconds: 300 }')}`,
        '',
      ].join('\n'),
    );
    const guards = 'guards: { clerksOnly: { requireRoles: clerk }, byDay: officeHours, owner: owner }';
    const classes =
      'rateClasses: { closed: officeHours, calm: { rateLimit: { name: calm, limit: 9, windowSeconds: 60, by: everybody } } }';
    const contract = `contract: { document: guarded.yaml, schemes: { Badge: doors }, ${guards}, ${classes} }`;
    const path = await fileOf(
      'guarded-security.yaml',
      withSecret('badge-0007').replace('requirement: doors', contract),
    );
    const closed = { guard: () => () => forbidden('closed') };
    const owner = { guard: () => () => ABSTAINED };
    const chain = await chainFrom(path, { kinds: { badge, officeHours: closed, owner } });
    const asked = (operation: string) => ask(chain, operation, { headers: { 'x-badge': 'badge-0007' } });
    expect(await asked('GET /staff')).toMatchObject({ status: 403, reason: 'role_missing' });
    expect(await asked('GET /night')).toMatchObject({ status: 403, reason: 'closed' });
    expect(await asked('GET /bulk')).toMatchObject({ status: 403, reason: 'closed' });
    expect(await asked('GET /owned')).toMatchObject({ status: 403, reason: 'all_guards_abstained' });
    expect((await asked('GET /calm')).status).toBe(200);
    expect(await asked('GET /vault')).toMatchObject({ status: 403, reason: 'insufficient_user_authentication' });
    await chain.close();
  });
});

describe('a reference to a file', () => {
  test.each([
    ['without its last line break', 'badge-0004\n', 'badge-0004'],
    ['without a last line break of Windows', 'badge-0005\r\n', 'badge-0005'],
    ['with every other line break', 'two\n\n', 'two\n'],
    ['as text, never as structure or reference', `\${NAME}, type: basic`, `\${NAME}, type: basic`],
    ['in UTF-8', 'päss', 'päss'],
  ])('stands for its text %s', async (_name, text, secret) => {
    await fileOf('secret', text);
    const path = await fileOf('with-secret.yaml', withSecret(fileRef('secret')));
    const seen: unknown[] = [];
    const noting: HandlerKind = {
      handler(options, services) {
        seen.push(options);
        return badge.handler(options, services);
      },
    };
    await (await chainOf(path, { kinds: { badge: noting } })).close();
    expect(seen).toEqual([{ secret }]);
  });

  test('stands beside other text, with a path from the root', async () => {
    const path = await fileOf('part', '0006');
    expect(
      await statusOf(await chainOf(await fileOf('a.yaml', withSecret(`badge-${fileRef(path)}`))), 'badge-0006'),
    ).toBe(200);
  });

  test('of an object starts from `directory`', async () => {
    await fileOf('of-object', 'badge-0007');
    const handlers = { doors: { type: 'badge', options: { secret: fileRef('of-object') } } };
    expect(
      await statusOf(await chainOf({ handlers, chain: { requirement: 'doors' } }, { directory }), 'badge-0007'),
    ).toBe(200);
  });

  test.each<[string, string | Buffer, string]>([
    ['empty', '\n', 'refers to a file that is empty'],
    ['larger than 64 KiB', 'x'.repeat(65_537), 'refers to a file that is larger than 65536 bytes'],
    ['not UTF-8', Buffer.from('p\xe4ss', 'latin1'), 'refers to a file that is no UTF-8'],
  ])('that is %s is refused', async (_name, content, rule) => {
    await fileOf('unfit', content);
    const error = await errorOf(await fileOf('unfit.yaml', withSecret(fileRef('unfit'))));
    expect(error.message).toContain(`unfit.yaml:2:46 handlers.doors.options.secret ${rule}`);
  });

  test.each([
    ['a folder', '.', 'is not a regular file'],
    ['a device, which might never end', '/dev/zero', 'is not a regular file'],
    ['nothing', 'not-there', 'cannot be read (ENOENT)'],
  ])('to %s is refused', async (_name, path, problem) => {
    const error = await errorOf(await fileOf('to.yaml', withSecret(fileRef(path))));
    expect(error.message).toContain(`handlers.doors.options.secret refers to a file that ${problem}`);
  });

  test('without a path is no reference', async () => {
    const error = await errorOf(await fileOf('no-path.yaml', withSecret(fileRef(''))));
    expect(error.message).toContain('has a reference that is no name of a variable in braces');
  });
});

describe('an error says in which line and column, by which rule, and quotes no value', () => {
  test.each(BROKEN_FILES.map((file) => [file.name, file] as const))('%s', async (_name, { text, at, rule }) => {
    const path = await fileOf('broken.yaml', text);
    const error = await errorOf(path);
    expect(error.message.slice(0, `${path}:${at} ${rule}`.length)).toBe(`${path}:${at} ${rule}`);
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
  });

  test('there are more than twenty of them', () => expect(BROKEN_FILES.length).toBeGreaterThan(20));

  test('the option that is wrong has its name in `option`', async () => {
    const error = await errorOf(await fileOf('named.yaml', withSecret('x').replace('secret', 'sceret')));
    expect(error.option).toBe('configuration.handlers.doors.options.sceret');
  });

  test('a file that cannot be read has no line', async () => {
    const path = join(directory, 'none.yaml');
    expect((await errorOf(path)).message).toBe(`${path} cannot be read (ENOENT)`);
  });

  test('what a kind throws by mistake is kept in `cause` and not told', async () => {
    const kinds: Kinds = {
      badge: {
        handler: () => {
          throw new TypeError(`cannot read ${CANARY}`);
        },
      },
    };
    const path = await fileOf('thrown.yaml', withSecret('x'));
    const error = await errorOf(path, { kinds });
    expect(error.message).toBe(`${path}:2:35 handlers.doors.options cannot be used: its code threw`);
    expect(error.code).toBe('ERR_SALLYPORT_REGISTRATION_INVALID');
  });
});
