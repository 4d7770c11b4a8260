import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentOf, tablesOf } from '../support/markdown.js';

const ROOT = join(__dirname, '../..');
const document = documentOf('docs/security-model.md');
const sources = readdirSync(join(ROOT, 'packages'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /^\w+\/src\/.*\.ts$/.test(path))
  .map((path) => readFileSync(join(ROOT, 'packages', path), 'utf8'))
  .join('\n');
const rowsWith = (heading: string) => tablesOf(document).flatMap((table) => table.filter((row) => heading in row));
const codesIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('the security model', () => {
  test.each([...new Set(rowsWith('proof').flatMap(({ proof }) => codesIn(proof)))])(
    'names a proof that exists: %s',
    (path) => {
      expect(existsSync(join(ROOT, path))).toBe(true);
    },
  );

  test('has a proof for each promise', () => {
    expect(rowsWith('promise').length).toBeGreaterThan(30);
    for (const { proof } of rowsWith('promise')) expect(codesIn(proof)).not.toEqual([]);
  });

  test.each(rowsWith('default').map((row) => [codesIn(row['option'])[0] ?? '', row['default'] ?? '']))(
    'says of %s that its default is %s, as the code does',
    (option, value) => {
      const checks = [...sources.matchAll(new RegExp(`\\b${option}: withDefault\\((.*)\\),$`, 'gm'))];
      const defaults = checks.map(([, check = '']) => check.split(', ').at(-1)?.replaceAll('_', ' '));
      expect(defaults).toContain(value);
    },
  );

  test.each(rowsWith('switch').flatMap((row) => codesIn(row['switch'])))(
    'warns of a switch that exists: %s',
    (name) => {
      expect(sources).toMatch(new RegExp(`(?:readonly|function) ${name.replace('()', '\\(')}`));
    },
  );

  test.each([...new Set(document.match(/sallyport:[a-z-]+/g))])('names a channel that exists: %s', (channel) => {
    expect(sources).toContain(`'${channel}'`);
  });
});
