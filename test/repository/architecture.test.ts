import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cyclesOf, importsOf, packageOf, ROOT, type SourceFile, sourcesOf, targetOf } from './source-tree.js';

const PACKAGES = ['core', 'handlers', 'adapters'] as const;
type Package = (typeof PACKAGES)[number];

const MAY_IMPORT: Readonly<Record<Package, readonly string[]>> = {
  core: [],
  handlers: ['@sallyport/core'],
  adapters: ['@sallyport/core'],
};

/** Containers, frameworks, brokers: each behind one door. */
const BEHIND_ONE_DOOR: Readonly<Record<string, RegExp>> = {
  tsyringe: /^packages\/core\/src\/di\/container\.ts$/,
  'reflect-metadata': /^packages\/core\/src\/di\/container\.ts$/,
  redis: /^packages\/core\/src\/redis\//,
  '@opentelemetry/api': /^packages\/core\/src\/opentelemetry\//,
  'find-my-way': /^packages\/core\/src\/routes\//,
  yaml: /^packages\/core\/src\/(?:openapi|di)\//,
  express: /^packages\/adapters\/src\/express\//,
  fastify: /^packages\/adapters\/src\/fastify\//,
  koa: /^packages\/adapters\/src\/koa\//,
};

const SOURCES: Readonly<Record<Package, readonly SourceFile[]>> = {
  core: sourcesOf('packages/core/src'),
  handlers: sourcesOf('packages/handlers/src'),
  adapters: sourcesOf('packages/adapters/src'),
};
const ALL = Object.values(SOURCES).flat();

function declared(name: Package): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
  return new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})]);
}

describe('the direction of imports: examples -> adapters -> core <- handlers <- examples', () => {
  test.each(PACKAGES)('%s imports no sibling but those it may', (name) => {
    const wrong = SOURCES[name].flatMap((file) =>
      file.imports
        .map(({ specifier }) => specifier)
        .filter((specifier) => packageOf(specifier)?.startsWith('@sallyport/'))
        .filter((specifier) => !MAY_IMPORT[name].includes(packageOf(specifier) as string))
        .map((specifier) => `${file.path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each(PACKAGES)('%s reaches into no other package by a relative path', (name) => {
    const wrong = SOURCES[name].flatMap((file) =>
      file.imports
        .flatMap(({ specifier }) => targetOf(file, specifier) ?? [])
        .filter((target) => !target.startsWith(`packages/${name}/src/`))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('no source imports itself in a circle at run time', () => {
    expect(cyclesOf(ALL)).toEqual([]);
  });
});

describe('dependencies', () => {
  test.each(PACKAGES)('%s declares every package that it imports', (name) => {
    const known = declared(name);
    const undeclared = SOURCES[name].flatMap((file) =>
      file.imports
        .flatMap(({ specifier }) => packageOf(specifier) ?? [])
        .filter((dependency) => !known.has(dependency))
        .map((dependency) => `${file.path}: ${dependency}`),
    );
    expect(undeclared).toEqual([]);
  });

  test.each(Object.entries(BEHIND_ONE_DOOR))('%s is imported behind one door only', (dependency, door) => {
    const outside = ALL.filter((file) => file.imports.some(({ specifier }) => packageOf(specifier) === dependency));
    expect(outside.map(({ path }) => path).filter((path) => !door.test(path))).toEqual([]);
  });

  test.each(['express', 'fastify', 'koa'])('adapters know %s by its types only', (framework) => {
    const values = SOURCES.adapters.flatMap((file) =>
      file.imports
        .filter(({ specifier, isTypeOnly }) => packageOf(specifier) === framework && !isTypeOnly)
        .map(() => file.path),
    );
    expect(values).toEqual([]);
  });
});

describe('the shape of the tree', () => {
  test('no file name says nothing', () => {
    const vague = ALL.filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|common|misc|types)(?:\.ts|\/)/.test(path));
    expect(vague.map(({ path }) => path)).toEqual([]);
  });

  test('no source is longer than 250 lines', () => {
    const long = ALL.filter(({ text }) => text.split('\n').length > 251);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test('no source switches the linter or the compiler off', () => {
    const loose = ALL.filter(({ text }) => /biome-ignore|@ts-(?:ignore|nocheck|expect-error)/.test(text));
    expect(loose.map(({ path }) => path)).toEqual([]);
  });
});

describe('the check itself', () => {
  test('sees value, type, side-effect, re-export and dynamic imports', () => {
    const text = [
      "import { a } from './a.js';",
      "import type { B } from 'b';",
      "import 'reflect-metadata';",
      "export { c } from '@scope/c/sub';",
      "export type { D } from './d.js';",
      "const e = await import('e');",
      "// import 'not-me';",
    ].join('\n');
    expect(importsOf(text).map(({ specifier }) => specifier)).toEqual([
      './a.js',
      'b',
      'reflect-metadata',
      '@scope/c/sub',
      './d.js',
      'e',
    ]);
    expect(importsOf(text).map(({ isTypeOnly }) => isTypeOnly)).toEqual([false, true, false, false, true, false]);
  });

  test('finds a planted cycle, and takes a type-only one for none', () => {
    const file = (path: string, text: string): SourceFile => ({ path, text, imports: importsOf(text) });
    const cycle = [file('x/a.ts', "import { b } from './b.js';"), file('x/b.ts', "import { a } from './a.js';")];
    const harmless = [
      file('x/a.ts', "import { b } from './b.js';"),
      file('x/b.ts', "import type { A } from './a.js';"),
    ];
    expect(cyclesOf(cycle)).toEqual(['x/a.ts -> x/b.ts -> x/a.ts']);
    expect(cyclesOf(harmless)).toEqual([]);
  });
});
