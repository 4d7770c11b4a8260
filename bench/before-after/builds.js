// Builds of this repository that run in one process and share no code, packages of others included.
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGES = ['core', 'handlers', 'adapters'];

/** Copies what a built checkout runs to a folder of its own: a bare import there finds nothing but the copy. */
export function copyBuild(checkout, folder) {
  for (const name of PACKAGES) {
    const source = join(checkout, 'packages', name);
    if (!existsSync(join(source, 'dist'))) throw new Error(`${source} is not built: npm ci && npm run build there`);
    const target = join(folder, 'node_modules/@sallyport', name);
    for (const part of ['package.json', 'dist']) copyCode(join(source, part), join(target, part));
    copyDependencies(target, checkout, folder);
  }
}

/** Those that npm has installed; the native ones of other platforms are missing. */
function copyDependencies(dependent, checkout, folder) {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(dependent);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const source = join(checkout, 'node_modules', name);
    const target = join(folder, 'node_modules', name);
    if (existsSync(target) || !existsSync(source)) continue;
    copyCode(source, target);
    copyDependencies(target, checkout, folder);
  }
}

/** Without declarations and source maps, which are most of the bytes. */
function copyCode(source, target) {
  const filter = (path) => statSync(path).isDirectory() || /\.(?:[cm]?js|json|node|wasm)$/.test(path);
  cpSync(source, target, { recursive: true, filter });
}

/** What a row asks for a package by: `load('@sallyport/core/extend')`. */
export function loaderOf(folder) {
  return async (specifier) => {
    const [, name, entry] = /^(@sallyport\/[^/]+)(.*)$/.exec(specifier);
    const home = join(folder, 'node_modules', name);
    const target = manifestOf(home).exports[`.${entry}`];
    if (target === undefined) throw new Error(`has no ${specifier}`);
    return import(pathToFileURL(join(home, target.import.default)));
  };
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
