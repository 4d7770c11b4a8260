// A project of the matrix: a copy of its folder outside the repository, with the packed packages as its dependencies.
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { PACKAGES, PROJECTS } from './rows.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const MINUTES = 60_000;
/** Not installed or made by a run in the folder itself. */
const isWritten = (path) => !/\/(?:node_modules|out)$/.test(path);
const NPM_QUIET = ['--ignore-scripts', '--no-audit', '--no-fund'];

const readJson = async (file) => JSON.parse(await readFile(file, 'utf8'));

/** What a command printed, and whether it ended well. Colours would be in the way of what is looked for. */
async function output(command, args, cwd, minutes) {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, FORCE_COLOR: _color, ...inherited } = process.env;
  const options = { cwd, timeout: minutes * MINUTES, maxBuffer: 2 ** 26, env: { ...inherited, NO_COLOR: '1' } };
  return promisify(execFile)(command, args, options).then(
    ({ stdout, stderr }) => ({ ok: true, stdout, text: stdout + stderr }),
    ({ message, stdout, stderr }) => ({ ok: false, stdout, text: `${message}\n${stdout}${stderr}` }),
  );
}

/** Packs what is built: `sallyport-core.tgz` and the others in this folder. */
export async function packInto(folder) {
  for (const name of PACKAGES) {
    const args = ['pack', `./packages/${name}`, '--pack-destination', folder, '--json', '--ignore-scripts'];
    const { ok, stdout, text } = await output('npm', args, ROOT, 2);
    if (!ok) throw new Error(text);
    const [{ filename }] = [JSON.parse(stdout)]
      .flat()
      .flatMap((entry) => ('filename' in entry ? entry : Object.values(entry)));
    await cp(join(folder, filename), join(folder, `sallyport-${name}.tgz`));
  }
}

/** Every door of every package, imported: a compiler has to find the types of each. */
async function importsOfEveryDoor() {
  const manifests = await Promise.all(PACKAGES.map((name) => readJson(join(ROOT, 'packages', name, 'package.json'))));
  const doors = manifests.flatMap(({ name, exports }) =>
    Object.keys(exports).flatMap((path) => (path === './package.json' ? [] : `${name}${path.slice(1)}`)),
  );
  return doors.map((door, index) => `import * as door${index} from '${door}';\nexport { door${index} };\n`).join('');
}

export class Project {
  #name;
  #source;
  #folder;

  /** @param folder where the tarballs are, and where the project will be */
  constructor(name, folder) {
    this.#name = name;
    this.#source = join(HERE, PROJECTS[name].at ?? name);
    this.#folder = join(folder, name);
  }

  async copy(tarballs) {
    await cp(this.#source, this.#folder, { recursive: true, filter: isWritten });
    for (const path of PROJECTS[this.#name].with ?? [])
      await cp(join(ROOT, path), join(this.#folder, path), { recursive: true });
    for (const name of PACKAGES)
      await cp(join(tarballs, `sallyport-${name}.tgz`), join(this.#folder, `sallyport-${name}.tgz`));
    const program = await readFile(join(HERE, 'program.ts'));
    const doors = await importsOfEveryDoor();
    await mkdir(join(this.#folder, 'compiled'));
    for (const file of ['program.ts', 'compiled/program.mts', 'compiled/program.cts'])
      await writeFile(join(this.#folder, file), program);
    for (const file of ['doors.ts', 'doors.mts', 'doors.cts']) await writeFile(join(this.#folder, file), doors);
  }

  /** @returns what is wrong; nothing when all is installed as the lockfile says */
  async install() {
    const stale = await this.#behind();
    if (stale.length > 0)
      return `${this.#name}/package-lock.json is behind ${stale}: node test/consumers/run.js --lock`;
    const { ok, text } = await output('npm', ['ci', ...NPM_QUIET], this.#folder, 8);
    return ok ? undefined : text;
  }

  /** The packages that depend on something else than the lockfile says. */
  async #behind() {
    const { packages } = await readJson(join(this.#folder, 'package-lock.json'));
    const stale = [];
    for (const name of PACKAGES) {
      const locked = packages[`node_modules/@sallyport/${name}`];
      if (locked === undefined) continue;
      const manifest = await readJson(join(ROOT, 'packages', name, 'package.json'));
      const isSame = (key) => isDeepStrictEqual(locked[key] ?? {}, manifest[key] ?? {});
      if (!['version', 'dependencies', 'peerDependencies'].every(isSame)) stale.push(name);
    }
    return stale.join(', ');
  }

  /** Makes the lockfile anew, for any build of the packages: without the digests of their tarballs. */
  async lock() {
    const file = join(this.#folder, 'package-lock.json');
    // Of a package that the lockfile has in the same version, npm does not read the dependencies again.
    await this.#rewrite(file, (packages, entry) => delete packages[entry]);
    const install = await output('npm', ['install', '--package-lock-only', ...NPM_QUIET], this.#folder, 8);
    if (!install.ok) throw new Error(install.text);
    await this.#rewrite(file, (packages, entry) => delete packages[entry]?.integrity);
    // An optional package of some platform that npm could not find is missing silently until here.
    const check = await output('npm', ['ci', '--dry-run', ...NPM_QUIET], this.#folder, 8);
    if (!check.ok) throw new Error(check.text);
    await cp(file, join(this.#source, 'package-lock.json'));
  }

  /** Changes the entry of each of our packages in a lockfile. */
  async #rewrite(file, change) {
    const lock = await readJson(file);
    for (const name of PACKAGES) change(lock.packages, `node_modules/@sallyport/${name}`);
    await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
  }

  file(path) {
    return join(this.#folder, path);
  }

  /** @returns what is wrong with the row; nothing when it printed what it has to */
  async run({ command, expected }, node) {
    const { ok, text } = await output(node, command, this.#folder, 3);
    return ok && expected.test(text) ? undefined : text;
  }
}
