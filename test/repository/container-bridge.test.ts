import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { container } from '@sallyport/configuration/tsyringe';
import { sourcesOf } from './source-tree.js';

const ROOM = 'packages/configuration/src/tsyringe';

const TSYRINGE = dirname(createRequire(import.meta.url).resolve('tsyringe/package.json'));
const DECLARED = readFileSync(join(TSYRINGE, 'dist/typings/types/dependency-container.d.ts'), 'utf8');

/** The members of a container that tsyringe does not declare: they may change in any version. */
const undeclared = [...Object.keys(container), ...Object.getOwnPropertyNames(Object.getPrototypeOf(container))].filter(
  (name) => name !== 'constructor' && !new RegExp(`^\\s+${name}[<(]`, 'm').test(DECLARED),
);

/** Where a source says more of tsyringe than it declares, or asks an error of whatever kind for its message. */
function trespassesIn(path: string, text: string): readonly string[] {
  const members = undeclared.flatMap((name) => text.match(new RegExp(`\\.${name}\\b|['"\`]${name}['"\`]`, 'g')) ?? []);
  const others = text.match(/tsyringe\/[\w/]+|\binjectionTokens\b|\btypeInfo\b/g) ?? [];
  const messages = path.endsWith('/registration-errors.ts')
    ? []
    : (text.match(/\.(?:message|stack)\b|\bString\(e/g) ?? []);
  return [...members, ...others, ...messages].map((found) => `${path}: ${found}`);
}

test('the bridge to tsyringe uses what tsyringe declares, and reads no message of an error', () => {
  expect(sourcesOf(ROOM).flatMap(({ path, text }) => trespassesIn(path, text))).toEqual([]);
});

test('which members tsyringe keeps to itself is asked of tsyringe', () => {
  expect(undeclared).toEqual(expect.arrayContaining(['parent', '_registry', 'disposables', 'interceptors']));
  expect(undeclared).not.toContain('resolve');
});

test.each([
  'container.parent',
  `Reflect.get(container, '_registry')`,
  'const all = [...child.disposables]',
  `import { typeInfo } from 'tsyringe/dist/cjs/dependency-container.js'`,
  `Reflect.getOwnMetadata('injectionTokens', target)`,
  'if (/unregistered/.test(error.message)) return',
  'const why = String(error)',
])('a planted %p is found', (line) => {
  expect(trespassesIn(`${ROOM}/planted.ts`, line)).not.toEqual([]);
});
