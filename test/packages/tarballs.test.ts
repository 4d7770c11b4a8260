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
    // It packs, too: see InstalledProject.
    const env = { ...process.env, npm_config_ignore_scripts: 'true' };
    const args = [join(ROOT, 'packages', name), '--strict'];
    const { stdout } = await promisify(execFile)(join(BIN, 'publint'), args, { env });
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

  test('what several entry points export is one and the same, also for require(), and bears the name it is exported under', async () => {
    const code = `import { createRequire } from 'node:module';
      const require = createRequire(process.cwd() + '/');
      const known = new Map();
      const wrong = [];
      for (const entryPoint of ${JSON.stringify(ENTRY_POINTS)})
        for (const loaded of [await import(entryPoint), require(entryPoint)])
          for (const [name, value] of Object.entries(loaded)) {
            const key = entryPoint.split('/')[1] + ' ' + name;
            if (!known.has(key)) known.set(key, value);
            if (known.get(key) !== value) wrong.push(key + ': two of them');
            if (typeof value === 'function' && value.name !== name) wrong.push(key + ': called ' + value.name);
          }
      console.log(JSON.stringify({ found: known.size > 100, wrong }));`;
    const printed = await project.run(process.execPath, ['--input-type=module', '-e', code]);
    expect(JSON.parse(printed)).toEqual({ found: true, wrong: [] });
  });

  test('with source maps, the stack of an error leads to the sources', async () => {
    const code = `import { SecurityChain } from '@sallyport/core';
      try { new SecurityChain({}); } catch (error) { console.log(error.stack); }`;
    const stack = await project.run(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', code]);
    const files = Array.from(stack.matchAll(/\/@sallyport\/core\/([^:]+):\d+:\d+/g), ([, file]) => file);
    expect(files).toContain('src/chain/chain.ts');
    for (const file of files) expect(project.files.get('core')).toContain(file);
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

  test('until its first call, a server for bearer tokens loads few files, and no other package than lru-cache', async () => {
    const hooks = `import { writeSync } from 'node:fs';
      export async function load(url, context, next) {
        if (url.startsWith('file:')) writeSync(1, url + '\\n');
        return next(url, context);
      }`;
    const code = `import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
      const [{ SecurityChain, anyOf }, { expressSecurity }, { JwtHandler }, { IntrospectionHandler }] = await Promise.all(
        ['core', 'adapters/express', 'handlers/jwt', 'handlers/introspection'].map((path) => import('@sallyport/' + path)),
      );
      const [issuer, audience] = ['https://as.example', 'https://api.example'];
      const issuers = [{ issuer, audience, algorithms: 'RS256', keys: { jwksUri: 'https://as.example/jwks' } }];
      const clientAuthentication = { method: 'client_secret_basic', clientId: 'gateway', clientSecret: 'secret' };
      const options = { realm: 'api', endpoint: 'https://as.example/introspect', audience, clientAuthentication, fallback: true };
      const handlers = [new JwtHandler({ realm: 'api', issuers }), new IntrospectionHandler(options)];
      expressSecurity(new SecurityChain({ requirement: anyOf(...handlers) }))();`;
    const printed = await project.run(process.execPath, ['--input-type=module', '-e', code]);
    const files = printed.trim().split('\n');
    const packages = files.map((file) => /^.+\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
    const own = ['adapters', 'core', 'handlers'].map((name) => `@sallyport/${name}`);
    expect([...new Set(packages)].sort()).toEqual([...own, 'lru-cache']);
    expect(files.length).toBeLessThan(20);
  });

  test('without the optional peers, what does not need them loads', async () => {
    const code = `require('@sallyport/core');
      for (const name of Object.keys(require.cache)) if (/reflect-metadata|tsyringe|opentelemetry|redis/.test(name)) console.log(name);`;
    expect(await project.run(process.execPath, ['--input-type=commonjs', '-e', code])).toBe('');
  });

  test('a program with nothing else to do waits until its chain has started and closed', async () => {
    const code = `const { SecurityChain } = require('@sallyport/core');
      const { challenge } = require('@sallyport/core/extend');
      const later = () => new Promise((resolve) => setTimeout(resolve, 20).unref());
      const slow = { name: 'slow', challenges: [challenge('Slow')], extract: () => undefined, verify: () => undefined };
      const requirement = { ...slow, start: later, close: later };
      const chain = new SecurityChain({ requirement });
      chain.start().then(() => console.log('started')).then(() => chain.close()).then(() => console.log('closed'));`;
    expect(await project.run(process.execPath, ['--input-type=commonjs', '-e', code])).toBe('started\nclosed\n');
  });

  test('a test with nothing else to do waits for the deadline of the chain that it asks', async () => {
    const code = `const { headerHandler, SecurityChain } = require('@sallyport/core');
      const { ask } = require('@sallyport/core/testing');
      const requirement = headerHandler({ name: 'key', header: 'X-Key', verify: () => new Promise(() => {}) });
      const chain = new SecurityChain({ requirement, deadlineMs: 20 });
      ask(chain, 'GET /', { headers: { 'X-Key': 'any' } }).then(({ status }) => console.log(status));`;
    expect(await project.run(process.execPath, ['--input-type=commonjs', '-e', code])).toBe('503\n');
  });
});
