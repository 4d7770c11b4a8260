import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
const CACHE = join(ROOT, 'node_modules/.cache/sallyport-tarballs');
const INDEX = 'packed.json';
const run = promisify(execFile);

/** What `npm pack --json` says of one package. */
export interface Packed {
  readonly name: string;
  readonly filename: string;
  /** In bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** The tarballs of what is built, and the folder that they lie in. Packed once for each build, since many tests install them. */
export async function packedPackages(names: readonly string[]): Promise<{ folder: string; packed: readonly Packed[] }> {
  const folder = join(CACHE, stateOf(names));
  if (!existsSync(folder)) await pack(names, folder);
  return { folder, packed: JSON.parse(readFileSync(join(folder, INDEX), 'utf8')) };
}

/** Files of the packages by name, size and time of change: a build changes it. */
function stateOf(names: readonly string[]): string {
  const state = createHash('sha256');
  for (const name of names) {
    const root = join(ROOT, 'packages', name);
    const built = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
    const beside = readdirSync(root).filter((file) => statSync(join(root, file)).isFile());
    for (const file of [...beside, ...built.map((file) => join('dist', file)).sort()]) {
      const { size, mtimeMs } = statSync(join(root, file));
      state.update(`${name}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return state.digest('hex').slice(0, 32);
}

async function pack(names: readonly string[], folder: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'));
  // What is built is packed: a build in between would take it away from the tests beside this one.
  const folders = names.map((name) => `./packages/${name}`);
  const args = ['pack', ...folders, '--pack-destination', unfinished, '--json', '--ignore-scripts'];
  const { stdout } = await run('npm', args, { cwd: ROOT });
  const packed: readonly Packed[] = [JSON.parse(stdout)]
    .flat()
    .flatMap((entry) => ('files' in entry ? entry : Object.values(entry)));
  writeFileSync(join(unfinished, INDEX), JSON.stringify(packed));
  const older = readdirSync(CACHE).filter((name) => !name.startsWith('unfinished-') && join(CACHE, name) !== folder);
  for (const name of older) rmSync(join(CACHE, name), { recursive: true, force: true });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Another worker was faster.
    if (!existsSync(folder)) throw error;
    rmSync(unfinished, { recursive: true });
  }
}
