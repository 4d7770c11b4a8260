import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problemOf } from '../../../packages/cli/src/application/problem.js';
import { checked } from './checked.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-modules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const rows: readonly (readonly [what: string, code: string, told: string])[] = [
  [
    'throws',
    'const port = 1;\nthrow new RangeError("no database\\n at db:1");',
    'RangeError: no database \\(.*module\\.mjs:2\\)',
  ],
  ['exports no application', 'export const router = 1;', 'it exports no application of Express, .*'],
  [
    'never becomes ready',
    'export default new Promise(() => {});',
    'its process ended with status \\d+ before it was ready',
  ],
  ['is killed', 'process.kill(process.pid, "SIGKILL");', 'its process ended by SIGKILL before it was ready'],
];
test.each(rows)('a module that %s is told in one line, without a stack trace', async (_what, code, told) => {
  const file = join(folder, 'module.mjs');
  writeFileSync(file, code);
  const { code: status, stdout, problems } = await checked('clean.yaml', '--app', file);
  expect([status, stdout]).toEqual([2, '']);
  expect(problems).toMatch(new RegExp(`^sallyport: ${file} cannot be used: ${told}\\n$`));
});

test('an application that tells others it is ready, and listens on a port that is taken, meets nobody and ends with the command', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const file = join(folder, 'listening.cjs');
  // As for a process manager, which the command is not.
  const tells = `process.send('ready'); process.send({ application: { framework: 'Express', routes: [1] } });`;
  const express = JSON.stringify(require.resolve('express'));
  writeFileSync(
    file,
    `const app = require(${express})();
    ${tells}
    setInterval(() => {}, 1000);
    exports.app = new Promise((resolve) => app.listen(${port}, '127.0.0.1', () => resolve(app)));`,
  );
  const { stdout, problems } = await checked('clean.yaml', '--app', file, '--format', 'json');
  expect(problems).toBe('');
  expect(JSON.parse(stdout).application).toEqual({ framework: 'Express', routes: [] });
  taken.close();
});

describe('what is told of an error', () => {
  const at = (stack: string, message = 'gone') => Object.assign(new TypeError(message), { stack });
  const rowsOfErrors: readonly (readonly [what: string, error: unknown, told: string])[] = [
    ['its first line', at('', 'gone\n    at secret (x.js:1:1)'), 'TypeError: gone'],
    [
      'its place',
      at('TypeError: gone\n    at open (file:///srv/shop/src/my%20app.mjs:7:12)'),
      'TypeError: gone (src/my app.mjs:7)',
    ],
    [
      'the place in the application, not in a package or in Node',
      at(
        'TypeError: gone\n    at node:internal/x:1:2\n    at a (/srv/shop/node_modules/x/i.js:1:1)\n    at /srv/shop/app.js:3:1',
      ),
      'TypeError: gone (app.js:3)',
    ],
    [
      'the place of what cannot be parsed',
      at('/srv/shop/app.cjs:9\nenum Kind {}\n\nSyntaxError: no'),
      'TypeError: gone (app.cjs:9)',
    ],
    [
      'that a loader is needed',
      Object.assign(at('', 'Unknown file extension ".ts"'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' }),
      'TypeError: Unknown file extension ".ts"; a module that is no JavaScript needs a loader, such as --import tsx',
    ],
    ['only that it is none', 'text', 'it threw something that is no error'],
  ];
  test.each(rowsOfErrors)('%s', (_what, error, told) => {
    expect(problemOf(error, '/srv/shop')).toBe(told);
  });
});
