import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { entryPoints, InstalledProject, PACKAGES } from '../support/installed-project.js';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const ENTRY_POINTS = PACKAGES.flatMap(entryPoints);
const EVERYTHING = ENTRY_POINTS.map((name, index) => `import * as m${index} from '${name}';\nexport { m${index} };\n`);

let project: InstalledProject;

beforeAll(async () => {
  project = await InstalledProject.install();
});
afterAll(() => project.remove());

describe.each(PACKAGES)('the tarball of %s', (name) => {
  test('holds its sources, its build and its papers, and nothing else', () => {
    const files = project.files.get(name) ?? [];
    const papers = files.filter((file) => !/^(?:src\/.+\.ts|dist\/.+\.(?:js|d\.ts)(?:\.map)?)$/.test(file));
    expect(papers.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  test('has a source for each file of its build', () => {
    const files = project.files.get(name) ?? [];
    const built = files.filter((file) => file.endsWith('.d.ts'));
    expect(built.length).toBeGreaterThan(0);
    for (const file of built) expect(files).toContain(file.replace('dist/', 'src/').replace('.d.ts', '.ts'));
  });

  test('is clean for publint', async () => {
    const { stdout } = await promisify(execFile)(join(BIN, 'publint'), [join(ROOT, 'packages', name), '--strict']);
    expect(stdout).toContain('All good!');
  });

  test('has types that resolve as its code does (are-the-types-wrong, esm-only)', async () => {
    const args = [project.tarballs.get(name) ?? '', '--profile', 'esm-only'];
    const { stdout } = await promisify(execFile)(join(BIN, 'attw'), args);
    expect(stdout).not.toContain('from ESM): 💀');
  });
});

describe('in an empty project', () => {
  const all = Object.fromEntries(ENTRY_POINTS.map((name) => [name, true]));

  test('every entry point can be imported', async () => {
    const code = `const found = {};
      for (const name of ${JSON.stringify(ENTRY_POINTS)}) found[name] = Object.keys(await import(name)).length > 0;
      console.log(JSON.stringify(found));`;
    expect(JSON.parse(await project.run(process.execPath, ['--input-type=module', '-e', code]))).toEqual(all);
  });

  test('every entry point can be required', async () => {
    const code = `const found = {};
      for (const name of ${JSON.stringify(ENTRY_POINTS)}) found[name] = Object.keys(require(name)).length > 0;
      console.log(JSON.stringify(found));`;
    expect(JSON.parse(await project.run(process.execPath, ['--input-type=commonjs', '-e', code]))).toEqual(all);
  });

  test.each([
    ['nodenext', 'nodenext', 'module'],
    ['node20', 'node16', 'module'],
    ['node20', 'node16', 'commonjs'],
    ['esnext', 'bundler', 'module'],
  ])('compiles under strict with module %s, resolution %s, from %s', async (module, moduleResolution, type) => {
    project.write('package.json', JSON.stringify({ type }));
    const compilerOptions = { module, moduleResolution, target: 'es2023', strict: true, types: ['node'], noEmit: true };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true } }));
    project.write('everything.ts', EVERYTHING.join(''));
    expect(await project.run(join(BIN, 'tsc'), ['-p', '.'])).toBe('');
  });

  test('without the optional peers, what does not need them loads', async () => {
    const code = `require('@sallyport/core');
      for (const name of Object.keys(require.cache)) if (/reflect-metadata|tsyringe|opentelemetry|redis/.test(name)) console.log(name);`;
    expect(await project.run(process.execPath, ['--input-type=commonjs', '-e', code])).toBe('');
  });
});
