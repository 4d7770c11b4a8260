import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const FIXTURES = join(__dirname, 'fixtures');

/** What the compiler of a user says about fixtures, which use the packages as they are built. */
async function compiled(project: string): Promise<readonly string[]> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const report = await run(process.execPath, [tsc, '--project', join(FIXTURES, project), '--listFiles']).catch(
    (error: { stdout: string }) => error,
  );
  const lines = report.stdout.trim().split('\n');
  return lines.filter((line) => !/^\/.*\/(?:node_modules|packages)\/.*\.[cm]?ts$/.test(line)).sort();
}

/** Types of Koa have a fault of their own, so that with them libraries go unchecked. */
test.each([
  ['Express 5, Fastify, Hono and node:http', 'tsconfig.json', ['express', 'fastify', 'hono', 'http', 'scopes']],
  ['Express 4', 'tsconfig.express4.json', ['express']],
  ['Koa 3', 'tsconfig.koa3.json', ['koa', 'koa-router']],
  ['Koa 2', 'tsconfig.koa2.json', ['koa']],
])(
  'strict applications on %s compile as ES modules and as CommonJS, and wrong ones do not',
  async (_frameworks, project, names) => {
    const files = names.flatMap((name) => (name === 'koa-router' ? [`${name}.mts`] : [`${name}.cts`, `${name}.mts`]));
    const claims = ['claims.mts'];
    expect(await compiled(project)).toEqual([...claims, ...files].map((file) => join(FIXTURES, file)).sort());
  },
  30_000,
);
