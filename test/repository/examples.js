// Which values at the doors of applications have no `@example`, and which examples of docstrings do not compile. Prints a
// line for each; fails if there is one. Examples use what the doors export, and the names of `setting.d.ts`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { declarationsAt, resolve } from './declarations.js';
import { doorsOf, PACKAGES } from './doors.js';

const ROOT = join(import.meta.dirname, '../..');
const SETTING = join(ROOT, 'test/types/fixtures/examples/setting.d.ts');
const COMMENT = /\/\*\*(?:(?!\*\/)[\s\S])*\*\//;
const VALUE = /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|enum) /m;

/** From elsewhere, where the name says from where. */
const OTHERS = {
  express: "import express from 'express';",
  Fastify: "import Fastify from 'fastify';",
  Koa: "import Koa from 'koa';",
  Hono: "import { Hono } from 'hono';",
  createServer: "import { createServer } from 'node:http';",
  subscribe: "import { subscribe } from 'node:diagnostics_channel';",
  readFile: "import { readFile } from 'node:fs/promises';",
  readFileSync: "import { readFileSync } from 'node:fs';",
  writeFile: "import { writeFile } from 'node:fs/promises';",
  createClient: "import { createClient } from 'redis';",
  RateLimiterRedis: "import { RateLimiterRedis } from 'rate-limiter-flexible';",
  pino: "import pino from 'pino';",
  test: "import { test } from '@jest/globals';",
  expect: "import { expect } from '@jest/globals';",
};

const doors = PACKAGES.flatMap(doorsOf);

function hasExample({ file, name }) {
  const declaration = String.raw`\s*(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|enum) ${name}\b`;
  const [comment] = new RegExp(COMMENT.source + declaration).exec(readFileSync(file.path, 'utf8')) ?? [''];
  return comment.includes('@example');
}

/** Values of the doors of applications without an example. Authors have other doors. */
function undocumented() {
  return doors
    .filter(({ name }) => !name.endsWith('/extend'))
    .flatMap(({ name: door, file }) =>
      [...declarationsAt(file).everyExport()].flatMap(([name, origin]) => {
        const found = resolve(origin);
        const isValue = found.file !== undefined && VALUE.test(found.file.declarations.get(found.name).join('\n'));
        if (!isValue || found.isTypeOnly || hasExample(found)) return [];
        return [`${name} of ${door} has no @example`];
      }),
    );
}

/** Every example of a package's docstrings, with its place. */
function examplesOf(name) {
  const folder = join(ROOT, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    return [...text.matchAll(new RegExp(COMMENT.source, 'g'))].flatMap(({ 0: comment, index }) => {
      const [, example] = /@example\n((?:(?!\n +\* @)[\s\S])*)\n +\*\/$/.exec(comment) ?? [];
      if (example === undefined) return [];
      const line = text.slice(0, index).split('\n').length + comment.split('@example')[0].split('\n').length;
      return [{ place: relative(ROOT, join(folder, file)), line, code: codeOf(example) }];
    });
  });
}

function codeOf(example) {
  const lines = example.split('\n').map((line) => line.replace(/^ *\* ?/, ''));
  return lines.join('\n').replaceAll('*\\/', '*/');
}

/** What an example imports. The doors of adapters have some names in common: an example gets those of its own one. */
function importsOf({ place, code }) {
  const [, framework] = /packages\/adapters\/src\/(express|fastify|koa|http|fetch)\//.exec(place) ?? [];
  const others = framework && new RegExp(`/adapters/(?!${framework})`);
  const declared = new Set(
    Array.from(code.matchAll(/(?:const|class|function|interface|type) (\w+)/g), ([, name]) => name),
  );
  const used = new Set(code.match(/(?<![\w$'])(?<!(?<!\.\.)\.)[A-Za-z_$][\w$]*/g));
  const wanted = (name) => used.has(name) && !declared.has(name);
  const from = new Map();
  for (const { name: door, file } of doors) {
    if (others?.test(door)) continue;
    for (const name of declarationsAt(file).everyExport().keys()) {
      if (wanted(name) && !from.has(name)) from.set(name, door);
    }
  }
  const own = [...from].map(([name, door]) => `import { ${name} } from '${door}';`);
  return [...own, ...Object.keys(OTHERS).flatMap((name) => (wanted(name) ? [OTHERS[name]] : []))].join(' ');
}

function uncompilable() {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-examples-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.base.json'), 'utf8'));
    const options = { ...compilerOptions, noEmit: true, noUnusedLocals: false, noUnusedParameters: false };
    const settings = { compilerOptions: { ...options, verbatimModuleSyntax: false, isolatedModules: false } };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(folder, 'setting.d.ts'), readFileSync(SETTING));
    const examples = PACKAGES.flatMap(examplesOf);
    examples.forEach((example, index) => {
      writeFileSync(join(folder, `${index}.ts`), `${importsOf(example)} export {};\n${example.code}\n`);
    });
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) =>
        line.replace(/^(\d+)\.ts\((\d+),/, (_, index, at) => {
          const { place, line: first } = examples[index];
          return `${place}(${first + Number(at) - 2},`;
        }),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const problems = [...new Set([...undocumented(), ...uncompilable()])];
for (const problem of problems) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
