// Bundles each package into its `dist`: one file for each entry point, and chunks for the code that they share, so that
// every class exists once. A program that loads two hundred small modules instead starts tens of milliseconds later.
// The types come from `tsc -b`.
// Run: npm run build
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { build, transform } from 'esbuild';
import { bundleCommonJs } from './bundle-commonjs.js';
import { describeOptions } from './bundle-options.js';
import { writeConfigurationSchema, writeExtensionSchema } from './bundle-schema.js';
import { writeCommonJsTypes } from './bundle-types.js';
import { optionTables } from './option-tables.js';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];

/** The programs of a package, and those that they start. */
const PROGRAMS = { cli: ['src/main/bin.ts', 'src/application/reading-process.ts'] };

/**
 * The source files of the entry points of a package: of its doors, and of others: its programs, and what stands for other
 * packages in some runtimes.
 */
async function entryPoints(folder, name) {
  const { exports, imports = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const sourceOf = (file) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
  const doors = Object.values(exports).flatMap((door) => door.import?.default ?? []);
  const targets = Object.values(imports).flatMap((target) => Object.values(target));
  const stands = new Set(targets.filter((target) => target.startsWith('./')).map(sourceOf));
  return { doors: doors.map(sourceOf), others: [...(PROGRAMS[name] ?? []), ...stands] };
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
 * Code that some doors of a package load besides their own, and most programs anyway: files, or all files of rooms. What
 * these doors share is then one chunk. Otherwise each set of doors with common code would get a chunk of its own, and each
 * file that a program loads takes about a millisecond.
 */
const LOADED_TOGETHER = {
  core: [{ by: /./, code: ['index.ts', 'extend.ts'] }],
  handlers: [
    {
      by: /\/(?:jwt|introspection|outbound|mutual-tls|revocation)\//,
      code: ['token', 'confirmation', 'dpop', 'jose', 'keys', 'outbound', 'outbound/connections'],
    },
    { by: /\/(?:api-key|redis|testing)\//, code: ['files', 'api-key/form', 'api-key/stores', 'api-key'] },
  ],
  adapters: [{ by: /./, code: ['gate', 'node'] }],
};

/** Imports that code in one more statement, for the sake of the chunk alone: it has no side effects. */
async function importsOf(folder, code) {
  const imports = code.map(async (name) => {
    const path = join(folder, 'src', name);
    const files = path.endsWith('.ts') ? [path] : (await readdir(path)).map((file) => join(path, file));
    return files.filter((file) => file.endsWith('.ts')).map((file) => `import ${JSON.stringify(file)};`);
  });
  return (await Promise.all(imports)).flat().join('');
}

/**
 * Loads the sources: doors together with what they share, and all of them without comments, of which the bundler
 * would keep those inside classes and objects.
 */
async function sourcesOf(folder, doors) {
  const groups = (LOADED_TOGETHER[basename(folder)] ?? []).map(async ({ by, code }) => [
    by,
    await importsOf(folder, code),
  ]);
  const shared = await Promise.all(groups);
  const sharedBy = (file) => (doors.includes(file) ? shared.filter(([by]) => by.test(file)) : []);
  return {
    name: 'sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const imports = sharedBy(relative(folder, path).replaceAll(sep, '/')).map(([, statements]) => statements);
        const whole = text + imports.join('');
        const options = { loader: 'ts', sourcefile: path, sourcemap: 'inline', minifyWhitespace: true };
        const { code } = await transform(whole, options);
        return { contents: code, loader: 'js', resolveDir: dirname(path) };
      });
    },
  };
}

/**
 * Refuses a build with other characters than those of ASCII, such as an ellipsis in a regular expression. (The bundler
 * escapes those in texts.) One of them makes V8 keep the whole file in two bytes for each character, and read it slower.
 */
function refuseWideCharacters(files) {
  for (const { path, text } of files) {
    const [found] = (path.endsWith('.js') && /.*\P{ASCII}.*/u.exec(text)) || [];
    if (found !== undefined)
      throw new Error(`the build has a character outside of ASCII; write it as \\u: ${found.trim()}`);
  }
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
  const { doors, others } = await entryPoints(folder, name);
  const options = {
    absWorkingDir: folder,
    entryPoints: [...doors, ...others],
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    external: ['#*'],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    // The package contains the sources.
    sourcesContent: false,
    logLevel: 'warning',
    // Said of what `importsOf` adds.
    logOverride: { 'ignored-bare-import': 'silent' },
    metafile: true,
    write: false,
    plugins: [await sourcesOf(folder, doors)],
  };
  const { outputFiles, metafile } = await build(options);
  refuseRenamed(outputFiles);
  refuseWideCharacters(outputFiles);
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    // The bundler writes the name of each source above its code. Source maps tell that, and every line stays where it was.
    await writeFile(path, path.endsWith('.js') ? text.replace(/^\/\/ src\/.*$/gm, '') : text);
  }
  // Nobody requires a program.
  if (doors.length === 0) return;
  await bundleCommonJs(folder, options);
  await writeCommonJsTypes(folder, metafile);
}

const [tables] = await Promise.all([optionTables(), ...PACKAGES.map(bundle)]);
await Promise.all([describeOptions(tables), writeConfigurationSchema(tables), writeExtensionSchema(tables)]);
