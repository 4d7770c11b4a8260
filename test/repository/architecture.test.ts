import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  cyclesOf,
  importsOf,
  packageOf,
  ROOT,
  roomCyclesOf,
  roomsOf,
  type SourceFile,
  sourcesOf,
  targetOf,
} from './source-tree.js';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'] as const;
type Package = (typeof PACKAGES)[number];

const MAY_IMPORT: Readonly<Record<Package, readonly string[]>> = {
  core: [],
  openapi: ['@sallyport/core'],
  configuration: ['@sallyport/core', '@sallyport/openapi'],
  handlers: ['@sallyport/core'],
  adapters: ['@sallyport/core'],
  cli: ['core', 'openapi', 'configuration', 'handlers', 'adapters'].map((name) => `@sallyport/${name}`),
};

/** Containers, frameworks, brokers: each behind one door. */
const BEHIND_ONE_DOOR: Readonly<Record<string, RegExp>> = {
  tsyringe: /^packages\/configuration\/src\/tsyringe\/container\.ts$/,
  'reflect-metadata': /^packages\/configuration\/src\/tsyringe\/container\.ts$/,
  redis: /^packages\/core\/src\/stores\/redis\//,
  ioredis: /^packages\/core\/src\/stores\/redis\//,
  '@opentelemetry/api': /^packages\/core\/src\/events\/opentelemetry\//,
  yaml: /^packages\/openapi\/src\/places\/parsed-text\.ts$/,
  undici: /^packages\/handlers\/src\/outbound\//,
  express: /^packages\/adapters\/src\/(?:express\/|nest\/platforms\/express-platform\.ts$)/,
  fastify: /^packages\/adapters\/src\/(?:fastify\/|nest\/platforms\/fastify-platform\.ts$)/,
  koa: /^packages\/adapters\/src\/koa\//,
  '@nestjs/common': /^packages\/adapters\/src\/nest\//,
  '@nestjs/core': /^packages\/adapters\/src\/nest\//,
};

/** More, and a package or a room is two. */
const MOST_ROOMS = 20;
const MOST_FILES = 15;

const SOURCES = Object.fromEntries(PACKAGES.map((name) => [name, sourcesOf(`packages/${name}/src`)])) as Readonly<
  Record<Package, readonly SourceFile[]>
>;
const ALL = Object.values(SOURCES).flat();

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(name: Package): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
}

/** A room may load another door of its package by its name: then the bundler does not divide the code of that door. */
function isOwnDoor(name: Package, specifier: string): boolean {
  return specifier.startsWith(`@sallyport/${name}/`);
}

function declared(name: Package): ReadonlySet<string> {
  const manifest = manifestOf(name);
  return new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})]);
}

describe('the direction of imports: cli -> {configuration -> openapi, handlers, adapters} -> core', () => {
  test.each(PACKAGES)('%s imports no sibling but those it may', (name) => {
    const wrong = SOURCES[name].flatMap((file) =>
      file.imports
        .map(({ specifier }) => specifier)
        .filter((specifier) => packageOf(specifier)?.startsWith('@sallyport/'))
        .filter((specifier) => !isOwnDoor(name, specifier))
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

  test('no source imports itself in a circle, not even for its types', () => {
    expect(cyclesOf(ALL)).toEqual([]);
  });

  test.each(PACKAGES)('no two rooms of %s import each other, by whatever way round', (name) => {
    expect(roomCyclesOf(SOURCES[name])).toEqual([]);
  });
});

describe('dependencies', () => {
  test.each(PACKAGES)('%s declares every package that it imports', (name) => {
    const known = declared(name);
    const undeclared = SOURCES[name].flatMap((file) =>
      file.imports
        .flatMap(({ specifier }) => (isOwnDoor(name, specifier) ? [] : (packageOf(specifier) ?? [])))
        .filter((dependency) => !known.has(dependency))
        .map((dependency) => `${file.path}: ${dependency}`),
    );
    expect(undeclared).toEqual([]);
  });

  test.each(PACKAGES)('%s imports every package that it brings along', (name) => {
    const used = new Set(SOURCES[name].flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier))));
    expect(Object.keys(manifestOf(name).dependencies ?? {}).filter((dependency) => !used.has(dependency))).toEqual([]);
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
  test.each(PACKAGES)('%s has at most 20 rooms, and each of them at most 15 files', (name) => {
    const rooms = roomsOf(SOURCES[name]);
    const topLevel = new Set([...rooms.keys()].map((room) => room.split('/', 1)[0]));
    expect(topLevel.size).toBeLessThanOrEqual(MOST_ROOMS);
    expect([...rooms].filter(([, files]) => files.length > MOST_FILES).map(([room]) => room)).toEqual([]);
  });

  test('no file name says nothing', () => {
    const vague = ALL.filter(({ path }) =>
      /(?:^|\/)(?:utils?|helpers?|common|shared|misc|types)(?:\.ts|\/)/.test(path),
    );
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

  const file = (path: string, text: string): SourceFile => ({ path, text, imports: importsOf(text) });

  test('finds a planted cycle, also one of types alone', () => {
    const cycle = [file('x/a.ts', "import { b } from './b.js';"), file('x/b.ts', "import { a } from './a.js';")];
    const ofTypes = [file('x/a.ts', "import { b } from './b.js';"), file('x/b.ts', "import type { A } from './a.js';")];
    expect(cyclesOf(cycle)).toEqual(['x/a.ts -> x/b.ts -> x/a.ts']);
    expect(cyclesOf(ofTypes)).toEqual(['x/a.ts -> x/b.ts -> x/a.ts']);
  });

  test('finds planted rooms that import each other, and takes a door for no room', () => {
    const room = 'packages/core/src';
    const mutual = [
      file(`${room}/a/one.ts`, "import { two } from '../b/two.js';"),
      file(`${room}/b/three.ts`, "import type { Four } from '../c/four.js';"),
      file(`${room}/c/four.ts`, "import type { Five } from '../a/five.js';"),
    ];
    const door = [
      file(`${room}/a/index.ts`, "export { two } from './b/two.js';"),
      file(`${room}/a/b/two.ts`, "import { one } from '../one.js';"),
    ];
    expect(roomCyclesOf(mutual)).toEqual(['a -> b -> c -> a']);
    expect(roomCyclesOf(door)).toEqual([]);
  });

  test('counts the files of a planted room', () => {
    const files = ['a/index', 'a/one', 'a/two', 'b/c/three'].map((name) => file(`packages/core/src/${name}.ts`, ''));
    expect([...roomsOf(files)].map(([room, inside]) => [room, inside.length])).toEqual([
      ['a', 3],
      ['b/c', 1],
    ]);
  });
});
