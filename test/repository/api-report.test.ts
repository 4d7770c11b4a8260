import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as core from '@sallyport/core';
import { ROOT } from './source-tree.js';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];

/** What a user reads: guides, READMEs and examples. */
const READ =
  textsIn('docs', /\.md$/) +
  textsIn('examples', /(?:\.md|\/src\/[^/]+\.ts)$/) +
  ['.', ...PACKAGES.map((name) => `packages/${name}`)]
    .map((folder) => readFileSync(join(ROOT, folder, 'README.md'), 'utf8'))
    .join('');
const WORDS = new Set(READ.match(/\w+/g));

function textsIn(folder: string, wanted: RegExp): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => wanted.test(file) && !file.includes('node_modules'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('');
}

/** Values of an entry point, as its report in `test/repository/api` lists them. */
function valuesOf(report: string): readonly string[] {
  const [exported = ''] = readFileSync(join(ROOT, 'test/repository/api', report), 'utf8').split('\n## ');
  // A member of a namespace may have another name outside its file: `option.optional:` stands above `function orUndefined`.
  const outside = exported.replace(/^\w+\.(\w+):\n(function|const) \w+/gm, '$2 $1');
  const declared = outside.matchAll(/^(?:(?:abstract )?class|function|const|enum) (\w+)/gm);
  return [...new Set(Array.from(declared, ([, name = '']) => name))];
}

const DOORS = readdirSync(join(ROOT, 'test/repository/api'));

describe('the public surface', () => {
  test('is what its reports say; when a change is meant: npm run api', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['test/repository/api-report.js', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
  });

  test('of applications is small: @sallyport/core has about 30 values', () => {
    expect(valuesOf('core.md').toSorted()).toEqual(Object.keys(core).toSorted());
    expect(Object.keys(core).length).toBeLessThanOrEqual(41);
  });

  test.each(DOORS)('of %s stands in a guide, README or example', (door) => {
    expect(valuesOf(door).filter((name) => !WORDS.has(name))).toEqual([]);
  });
});
