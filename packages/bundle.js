// Bundles each package into its `dist`: entry points, and chunks for what they share, so that every class exists once.
// A program that loads two hundred small modules instead starts tens of milliseconds later. Types come from `tsc -b`.
// Run: npm run build
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const PACKAGES = ['core', 'handlers', 'adapters'];

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

async function bundle(name) {
  const folder = join(import.meta.dirname, name);
  await removeBundles(join(folder, 'dist'));
  await build({
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
  });
}

await Promise.all(PACKAGES.map(bundle));
