import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

interface Promised {
  readonly promise: string;
  readonly proofs: readonly { readonly file: string; readonly title: string }[];
}

/** What a proof names: `test/file.test.ts`: "title", "another title"; more files behind a semicolon. */
function proofsIn(cell = ''): Promised['proofs'] {
  return [...cell.matchAll(/`([^`]+)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

const promised: readonly Promised[] = rowsWith('promise').map(({ promise = '', proof }) => ({
  promise,
  proofs: proofsIn(proof),
}));
const proofs = [
  ...new Map(promised.flatMap((row) => row.proofs.map((proof) => [Object.values(proof).join(), proof]))).values(),
];
const protections: readonly { readonly test: string; readonly title: string }[] = readdirSync(
  join(ROOT, 'test/mutation/protections'),
).flatMap((list) => JSON.parse(readFileSync(join(ROOT, 'test/mutation/protections', list), 'utf8')));

/** A test file with everything of the tests that it takes its cases from. */
function sourceOf(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return '';
  seen.add(file);
  const source = readFileSync(join(ROOT, file), 'utf8');
  const imported = [...source.matchAll(/from '(\.[^']*)'/g)].map(([, path = '']) =>
    join(dirname(file), path).replace(/\.js$/, '.ts'),
  );
  return [source, ...imported.filter((path) => path.startsWith('test/')).map((path) => sourceOf(path, seen))].join(
    '\n',
  );
}

describe('the security model', () => {
  test.each([...new Set(rowsWith('proof').flatMap(({ proof }) => codesIn(proof)))])(
    'names a proof that exists: %s',
    (path) => {
      expect(existsSync(join(ROOT, path))).toBe(true);
    },
  );

  test('makes promises', () => {
    expect(promised.length).toBeGreaterThan(30);
  });

  test.each(promised)('names the tests that fail without it: $promise', ({ proofs }) => {
    expect(proofs).not.toEqual([]);
  });

  // That they fail, `npm run mutation` finds out.
  test.each(proofs)('names a test that notices when a protection is taken away: $title', ({ file, title }) => {
    expect(sourceOf(file)).toContain(title);
    expect(protections).toContainEqual(expect.objectContaining({ test: file, title }));
  });

  test.each(rowsWith('default').map((row) => [codesIn(row['option'])[0] ?? '', row['default'] ?? '']))(
    'says of %s that its default is %s, as the code does',
    (option, value) => {
      const checks = [
        ...sources.matchAll(new RegExp(`\\b${option}(?::| =) option\\.withDefault\\((.*)\\)[,;]$`, 'gm')),
      ];
      const defaults = checks.map(([, check = '']) => check.split(', ').at(-1)?.replaceAll('_', ' '));
      expect(defaults).toContain(value);
    },
  );

  test.each(rowsWith('switch').flatMap((row) => codesIn(row['switch'])))(
    'warns of a switch that exists: %s',
    (name) => {
      const declared = `(?:readonly ${name}|function ${name.replace('()', '\\(')}|${name}: option\\.)`;
      expect(sources).toMatch(new RegExp(declared));
    },
  );

  test.each([...new Set(document.match(/sallyport:[a-z-]+/g))])('names a channel that exists: %s', (channel) => {
    expect(sources).toContain(`'${channel}'`);
  });
});
