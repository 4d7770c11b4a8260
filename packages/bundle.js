// Bundles each package into its `dist`: entry points, and chunks for what they share, so that every class exists once.
// A program that loads two hundred small modules instead starts tens of milliseconds later. Types come from `tsc -b`.
// Run: npm run build
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters'];

/** What the package exports, as its sources. */
async function entryPoints(folder) {
  const { exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const built = Object.values(exports).flatMap((entry) => entry.default ?? []);
  return built.map((file) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
}

/** Chunks bear a hash of their content in their names: those of the last build would stay behind. */
async function removeBundles(dist) {
  const files = await readdir(dist, { recursive: true }).catch(() => []);
  await Promise.all(files.filter((file) => /\.js(?:\.map)?$/.test(file)).map((file) => rm(join(dist, file))));
}

/**
 * Lets every entry point import the package's root, which its users load anyway: what they share then is one chunk, and
 * not one for each set of entry points that has something in common.
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

/** A class that speaks of itself is called `_Name` by the bundler; `name` and stack traces shall say `Name`. */
function withOwnNames(code) {
  const names = Array.from(code.matchAll(/^var (\w+) = class _\1\b/gm), ([, name]) => name);
  return names.reduce((renamed, name) => renamed.replace(new RegExp(`\\b_${name}\\b`, 'g'), name), code);
}

async function bundle(name) {
  const folder = join(import.meta.dirname, name);
  await removeBundles(join(folder, 'dist'));
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: await entryPoints(folder),
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
    // The sources are in the package, too.
    sourcesContent: false,
    logLevel: 'warning',
    write: false,
    plugins: name === 'core' ? [wholeRoot(folder)] : [],
  });
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, path.endsWith('.js') ? withOwnNames(text) : text);
  }
}

await Promise.all(PACKAGES.map(bundle));
