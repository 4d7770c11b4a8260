import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const SUPPORT = join(__dirname, '../support');
/** Room for what a round allocates, and a compiler that does its work in the same order every time. */
const FLAGS = ['--single-threaded', '--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];

async function outputOf(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(__dirname, '../..') });
  return stdout.trim();
}

// Measured on Node 20.20, 64 bits; what a run adds by chance is below 15 bytes, and a closure takes 90. For jwt the
// compiler saves one object of 49 bytes or not (375 or 424 bytes). That changes with code that no decision runs.
// In all but the last the principal is remembered; in that one the handler tells its members each time.
describe('a decision takes no more heap than', () => {
  const MOST_BYTES = { header: 385, apiKey: 300, introspection: 420, jwt: 470, members: 2_100 };
  const bytesOf = async (kind: string) => Number(await outputOf(...FLAGS, join(SUPPORT, 'allocation.js'), kind));

  test.each(Object.entries(MOST_BYTES))('%s: %d bytes', async (kind, most) => {
    const bytes = await bytesOf(kind);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(most);
  });

  test('which one closure for each decision exceeds', async () => {
    expect(await bytesOf('closure')).toBeGreaterThan(MOST_BYTES.header);
  });
});

// Measured on Node 20.20, 64 bits: 525 and 685 bytes, of which 130 to 150 are the key and its place in the cache. It differs by
// less than 5 bytes from run to run.
describe('a remembered principal keeps no more heap than', () => {
  test.each([
    ['9 claims', 0, 540],
    ['29 claims, which make no hash table of them', 20, 700],
  ])('%s: %d more, %d bytes', async (_rule, more, most) => {
    const bytes = await outputOf('--single-threaded', '--expose-gc', join(SUPPORT, 'kept-memory.js'), String(more));
    expect(Number(bytes)).toBeGreaterThan(200);
    expect(Number(bytes)).toBeLessThanOrEqual(most);
  });
});

describe('an import loads', () => {
  const CORE = ['lru-cache'];
  const MOST_FILES = { ours: 6, others: 4 };
  const ENTRIES = [
    ['@sallyport/core', []],
    ['@sallyport/core/extend', []],
    ['@sallyport/configuration', []],
    ['@sallyport/handlers/introspection', []],
    ['@sallyport/handlers/jwt', []],
    ['@sallyport/handlers/basic', []],
    ['@sallyport/handlers/api-key', []],
    ['@sallyport/handlers/webhook', []],
    ['@sallyport/handlers/providers', []],
    ['@sallyport/adapters/express', []],
    ['@sallyport/adapters/fastify', ['fastify-plugin']],
    ['@sallyport/adapters/koa', []],
  ] as const;

  const filesOf = async (specifier: string) => [
    ...new Set((await outputOf(join(SUPPORT, 'loaded-modules.js'), specifier)).split('\n')),
  ];
  const packageOf = (file: string) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  const packagesOf = (files: readonly string[]) =>
    [...new Set(files.flatMap((file) => packageOf(file) ?? []))].toSorted();

  test.each(ENTRIES)('%s: the packages of core and %j, in few files', async (entry, added) => {
    const files = await filesOf(entry);
    const others = files.filter((file) => packageOf(file) !== undefined);
    const ours = files.filter((file) => file.includes('/packages/'));
    expect(packagesOf(others)).toEqual([...CORE, ...added].toSorted());
    expect(others.length).toBeLessThanOrEqual(MOST_FILES.others);
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.length).toBeLessThanOrEqual(MOST_FILES.ours);
  });

  test('core, JWT and Express together: 9 of our files', async () => {
    const entries = ['@sallyport/core', '@sallyport/handlers/jwt', '@sallyport/adapters/express'];
    const files = new Set((await Promise.all(entries.map(filesOf))).flat());
    expect([...files].filter((file) => file.includes('/packages/')).length).toBeLessThanOrEqual(9);
  });

  test('and what loads another package is noticed', async () => {
    expect(packagesOf(await filesOf('jose'))).toEqual(['jose']);
  });
});
