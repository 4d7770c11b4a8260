// Bundles each package into its `dist`: one file for each entry point, and chunks for the code that they share, so that
// every class exists once. A program that loads two hundred small modules instead starts tens of milliseconds later.
// The types come from `tsc -b`.
// Run: npm run build
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { bundleCommonJs } from './bundle-commonjs.js';
import { describeOptions } from './bundle-options.js';
import { writeConfigurationSchema } from './bundle-schema.js';
import { writeCommonJsTypes } from './bundle-types.js';
import { optionTables } from './option-tables.js';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];

/** The source files of the entry points of a package: of its doors, and of its programs. */
async function entryPoints(folder) {
  const { exports, bin = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const sourceOf = (file) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
  const doors = Object.values(exports).flatMap((door) => door.import?.default ?? []);
  return { doors: doors.map(sourceOf), programs: Object.values(bin).map(sourceOf) };
}

/**
 * Removes all that earlier builds left behind: each build writes anew what it needs. What the compiler writes stays, as
 * it does not write it again: its notes, and the declarations of sources that are still there.
 */
async function removeOutdated(folder) {
  const dist = join(folder, 'dist');
  const entries = await readdir(dist, { recursive: true, withFileTypes: true }).catch(() => []);
  const outdated = entries.filter((entry) => {
    const source = join(folder, 'src', relative(dist, join(entry.parentPath, entry.name)));
    if (entry.isDirectory()) return !existsSync(source);
    const isDeclaration = source.endsWith('.d.ts') && existsSync(source.replace(/\.d\.ts$/, '.ts'));
    return !isDeclaration && entry.name !== '.tsbuildinfo';
  });
  await Promise.all(
    outdated.map(({ parentPath, name }) => rm(join(parentPath, name), { recursive: true, force: true })),
  );
}

/**
 * Makes every entry point import the root of the package, which its users load anyway. The code that they share is then
 * one chunk. Otherwise each set of entry points with common code would get a chunk of its own.
 */
function wholeRoot(folder) {
  const root = join(folder, 'src', 'index.ts');
  return {
    name: 'whole-root',
    setup({ onLoad }) {
      onLoad({ filter: /src[\\/]\w+[\\/]index\.ts$/ }, async ({ path }) => {
        const contents = `${await readFile(path, 'utf8')}import ${JSON.stringify(root)};`;
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

/**
 * Refuses a build that renames exports: functions and classes keep the names under which they are exported, also in
 * stack traces. The bundler renames a class whose body contains its name (say `this` there), and one of two things with
 * the same name.
 */
function refuseRenamed(files) {
  for (const { text } of files) {
    const [, renamed] = /^var (\w+) = class _\1\b/m.exec(text) ?? /^ {2}\w+\d as (\w*[A-Za-z]),?$/m.exec(text) ?? [];
    if (renamed === undefined) continue;
    throw new Error(`the bundler renames ${renamed}: its body names it (say 'this'), or something else has its name`);
  }
}

async function bundle(name) {
  const folder = join(import.meta.dirname, name);
  await removeOutdated(folder);
  const { doors, programs } = await entryPoints(folder);
  const options = {
    absWorkingDir: folder,
    entryPoints: [...doors, ...programs],
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    // The package contains the sources.
    sourcesContent: false,
    logLevel: 'warning',
    // `wholeRoot` imports the root only for its chunk: the import has no side effects.
    logOverride: { 'ignored-bare-import': 'silent' },
    metafile: true,
    write: false,
    plugins: name === 'core' ? [wholeRoot(folder)] : [],
  };
  const { outputFiles, metafile } = await build(options);
  refuseRenamed(outputFiles);
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  // Nobody requires a program.
  if (doors.length === 0) return;
  await bundleCommonJs(folder, options);
  await writeCommonJsTypes(folder, metafile);
}

const [tables] = await Promise.all([optionTables(), ...PACKAGES.map(bundle)]);
await Promise.all([describeOptions(tables), writeConfigurationSchema(tables)]);
