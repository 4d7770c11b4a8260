// Makes the CommonJS build, for runners that cannot load ES modules (Jest in its CommonJS mode). It has the same entry
// points and chunks as the ES modules. So every class exists once here too, and code is loaded on demand in the same
// places. Dependencies that exist as ES modules only are bundled into it, and their licences stand beside it. It has no
// source maps, because its code is readable and no server runs it.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { build } from 'esbuild';

/** Dependencies that cannot be required by every runner. They are bundled together with their own dependencies. */
const ES_MODULES_ONLY = ['jose', '@seriousme/openapi-schema-validator'];
/** The folders of bundled packages that their code reads at run time. */
const READ_AT_RUN_TIME = { '@seriousme/openapi-schema-validator': 'schemas' };

const isBare = (path) => /^[^./]/.test(path) && !path.startsWith('node:');
const nameOf = (path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)[0];

/**
 * Bundles the packages that are ES modules only, and their dependencies. All other packages stay outside, also a
 * dependency of theirs on which our package depends itself.
 */
function bundled(own) {
  return {
    name: 'bundled',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
        if (!isBare(path) || ES_MODULES_ONLY.includes(nameOf(path))) return undefined;
        const isNeededInside = importer.includes(`${sep}node_modules${sep}`) && !own.has(nameOf(path));
        return isNeededInside ? undefined : { path, external: true };
      });
    },
  };
}

/**
 * Gives the bundler the files of an earlier run instead of those on disk. Their imports then name the CommonJS files.
 */
function earlierRun(files) {
  return {
    name: 'earlier-run',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind === 'entry-point') return { path };
        return { path: path.startsWith('.') ? path.replace(/\.js$/, '.cjs') : path, external: true };
      });
      onLoad({ filter: /.*/ }, ({ path }) => ({ contents: files.get(path), loader: 'js', resolveDir: dirname(path) }));
    },
  };
}

/** Turns one file of the ES modules into CommonJS. A dynamic import becomes a `require` in the same place. */
async function toCommonJs(path, files, folder) {
  const dist = posix.join('.', relative(dirname(path), join(folder, 'dist')).replaceAll(sep, '/'));
  const url = `const packageUrl = require('node:url').pathToFileURL(require('node:path').join(__dirname, '${dist}') + '/');`;
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [path],
    outfile: path.replace(/\.js$/, '.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'packageUrl', 'import.meta.filename': '__filename' },
    banner: files.get(path).includes('import.meta.url') ? { js: url } : {},
    logLevel: 'warning',
    write: false,
    plugins: [earlierRun(files)],
  });
  return outputFiles;
}

/** The folders of the packages whose code went into the build. */
function packagesIn(metafile, folder) {
  const inputs = Object.keys(metafile.inputs).map((file) => join(folder, file));
  const found = inputs.flatMap((file) => /^.+[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? []);
  return [...new Set(found)].sort();
}

async function licenceOf(packageFolder) {
  const { name, version, license } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const texts = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license'].map((file) =>
    readFile(join(packageFolder, file), 'utf8'),
  );
  const text = await Promise.any(texts).catch(() => {
    throw new Error(`${name} is bundled and has no licence text`);
  });
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/** @param options the options of the bundler for the ES modules */
export async function bundleCommonJs(folder, options) {
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const own = new Set(Object.keys(dependencies));
  const { packages: _outside, plugins, ...rest } = options;
  const { outputFiles, metafile } = await build({ ...rest, plugins: [...plugins, bundled(own)], sourcemap: false });
  const files = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const path of files.keys())
    for (const { path: built, text } of await toCommonJs(path, files, folder)) {
      await mkdir(dirname(built), { recursive: true });
      await writeFile(built, text);
    }
  const inside = packagesIn(metafile, folder);
  if (inside.length === 0) return;
  const licences = await Promise.all(inside.map(licenceOf));
  await writeFile(join(folder, 'dist', 'THIRD-PARTY-LICENSES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`));
  for (const [name, read] of Object.entries(READ_AT_RUN_TIME)) {
    const source = inside.find((packageFolder) => packageFolder.replaceAll(sep, '/').endsWith(`/${name}`));
    if (source !== undefined) await cp(join(source, read), join(folder, 'dist', basename(read)), { recursive: true });
  }
}
