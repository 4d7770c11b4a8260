import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Packed, packedPackages } from './packed-packages.js';

const ROOT = join(__dirname, '../..');
export const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'] as const;
export type PackageName = (typeof PACKAGES)[number];
const run = promisify(execFile);

/** Names that a package's export map offers, as users import them. */
export function entryPoints(name: PackageName): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, `packages/${name}/package.json`), 'utf8'));
  const paths = Object.keys(exports).filter((path) => path !== './package.json');
  return paths.map((path) => `@sallyport/${name}${path.slice(1)}`);
}

/** The exit code of a program, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty project into which nothing but the packed tarballs is installed; what they depend on is linked. */
export class InstalledProject {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sallyport-tarballs-'));
  readonly files = new Map<PackageName, readonly string[]>();
  /** Where each tarball lies. */
  readonly tarballs = new Map<PackageName, string>();
  /** How many bytes each tarball has. */
  readonly sizes = new Map<PackageName, number>();

  static async install(): Promise<InstalledProject> {
    const project = new InstalledProject();
    mkdirSync(join(project.folder, 'node_modules/@sallyport'), { recursive: true });
    await project.#installPackages();
    for (const dependency of readdirSync(join(ROOT, 'node_modules'))) project.#link(dependency);
    return project;
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.folder, file), content);
  }

  /** A file of an installed package. */
  read(name: PackageName, file: string): string {
    return readFileSync(join(this.folder, 'node_modules/@sallyport', name, file), 'utf8');
  }

  /** How the command ended, also when it failed. */
  async ended(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const ended = run(command, args, { cwd: this.folder, env: { ...process.env, ...env } });
    return ended.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  }

  /** What the command printed. Rejects, with all that it printed, when it fails. */
  async run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    // A test runner's own variable would make `node --test` report to it instead of printing.
    const { NODE_TEST_CONTEXT: _context, ...environment } = { ...process.env, ...env };
    const { stdout } = await run(command, args, { cwd: this.folder, env: environment }).catch((error) => {
      throw new Error(`${error.message}\n${error.stdout}`);
    });
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  async #installPackages(): Promise<void> {
    const { folder, packed } = await packedPackages(PACKAGES);
    await Promise.all(packed.map((each) => this.#unpack(each, folder)));
  }

  async #unpack({ name: fullName, filename, files, size }: Packed, folder: string): Promise<void> {
    const name = fullName.replace('@sallyport/', '') as PackageName;
    const tarball = join(folder, filename);
    const target = join(this.folder, 'node_modules', fullName);
    this.files.set(
      name,
      files.map(({ path }) => path),
    );
    this.tarballs.set(name, tarball);
    this.sizes.set(name, size);
    mkdirSync(target);
    await run('tar', ['-xzf', tarball, '-C', target, '--strip-components', '1']);
  }

  #link(dependency: string): void {
    if (dependency === '@sallyport' || dependency === '@sallyport-examples') return;
    symlinkSync(join(ROOT, 'node_modules', dependency), join(this.folder, 'node_modules', dependency));
  }
}
