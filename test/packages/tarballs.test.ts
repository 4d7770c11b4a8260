import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ordersDocument } from '../cli/orders-document.js';
import { entryPoints, InstalledProject, PACKAGES, type PackageName } from '../support/installed-project.js';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
const ENTRY_POINTS = PACKAGES.flatMap(entryPoints);
const EVERYTHING = ENTRY_POINTS.map((name, index) => `import * as m${index} from '${name}';\nexport { m${index} };\n`);

/** Of each package: what its tarball has at most, in kilobytes, and how many packages it brings. */
const WEIGHT: Readonly<Record<PackageName, readonly [kilobytes: number, packages: number]>> = {
  core: [730, 7],
  openapi: [150, 12],
  configuration: [125, 13],
  handlers: [560, 12],
  adapters: [238, 2],
  cli: [116, 0],
};
/** What exists as ES modules only, with what that needs. */
const BUNDLED: Partial<Record<PackageName, readonly string[]>> = {
  openapi: [
    '@seriousme/openapi-schema-validator',
    'ajv',
    'ajv-draft-04',
    'ajv-formats',
    'fast-deep-equal',
    'fast-uri',
    'json-schema-traverse',
  ],
  handlers: ['jose'],
};

let project: InstalledProject;
let findings: Promise<Readonly<Record<string, readonly unknown[]>>>;

beforeAll(async () => {
  project = await InstalledProject.install();
  const tarballs = PACKAGES.map((name) => project.tarballs.get(name) ?? '');
  findings = project.run(process.execPath, ['--input-type=module', '-e', FINDINGS, ...tarballs]).then(JSON.parse);
});
afterAll(() => project.remove());

/** As in runners that resolve CommonJS by themselves, Node does not look for `module-sync` then. */
const WITHOUT_MODULES = ['--no-experimental-require-module', '--input-type=commonjs'];

const MADE = `import { type Decider, anyOf, guard, headerHandler, type Principal, createPrincipal, type Requirement, SecurityChain } from '@sallyport/core';
  import { ABSTAINED, EventChannel, option, Secret, type SecurityRequest } from '@sallyport/core/extend';
  import { JwtHandler } from '@sallyport/handlers/jwt';
  export const alice: Principal = createPrincipal({ subject: 'alice' });
  const key = headerHandler({ name: 'key', header: 'X-Key', verify: (_value: string, _request: SecurityRequest) => alice });
  export const jwt = new JwtHandler({ realm: 'api', issuers: [] });
  export const requirement: Requirement = anyOf(key, jwt);
  export class OwnChain extends SecurityChain {}
  export const chain = new OwnChain({ requirement });
  export const decider: Decider = chain;
  export const unsure = guard('unsure', () => ABSTAINED);
  export const channel = new EventChannel<{ count: number }>('channel');
  export const secret = new Secret('secret');
  export const check: option.Check<string> = option.text;
`;
const MOUNTED = `import { allOf, type Guard, type Principal, SecurityChain } from '@sallyport/core';
  import { type EventChannel, type option, Secret } from '@sallyport/core/extend';
  import { expressSecurity } from '@sallyport/adapters/express';
  import { fetchSecurity } from '@sallyport/adapters/fetch';
  import { IntrospectionHandler } from '@sallyport/handlers/introspection';
  import * as made from './chain.cjs';
  export const secure = expressSecurity(made.chain)(made.unsure);
  export const served = fetchSecurity(made.decider);
  export const chain: SecurityChain = new made.OwnChain({ requirement: allOf(made.requirement, made.jwt) });
  export const parts: [Principal, Guard, EventChannel<{ count: number }>, Secret, option.Check<string>] =
    [made.alice, made.unsure, made.channel, made.secret, made.check];
  if (made.secret instanceof Secret && !(made.jwt instanceof IntrospectionHandler)) console.log(parts);
`;

/** Also what is loaded on demand. */
function commonJsFiles(): readonly string[] {
  return PACKAGES.flatMap((name) =>
    (project.files.get(name) ?? []).filter((file) => file.endsWith('.cjs')).map((file) => `${name}/${file}`),
  );
}

/** Nest 12 exists as ES modules only, and this door loads it. Nest 11 does not: `test/consumers` requires it. */
function isOfModules(path: string): boolean {
  return /adapters(?:\/dist)?\/nest/.test(path);
}

/** What both tools find, with no row of theirs left out. */
const FINDINGS = `import { readFile } from 'node:fs/promises';
  import { publint } from 'publint';
  import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
  const found = {};
  for (const tarball of process.argv.slice(1)) {
    const data = await readFile(tarball);
    const { messages } = await publint({ pack: { tarball: new Uint8Array(data).buffer }, strict: true });
    const { problems } = await checkPackage(createPackageFromTarballData(new Uint8Array(data)));
    found[tarball] = [...messages, ...problems];
  }
  console.log(JSON.stringify(found));`;

/** What `npm install` of a package brings beside the package itself and ours. */
function broughtBy(manifest: string, brought: Set<string> = new Set()): ReadonlySet<string> {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const next = join(ROOT, 'node_modules', name, 'package.json');
    if (name.startsWith('@sallyport/') || brought.has(name) || !existsSync(next)) continue;
    brought.add(name);
    broughtBy(next, brought);
  }
  return brought;
}

describe.each(PACKAGES)('the tarball of %s', (name) => {
  const manifest = join(ROOT, 'packages', name, 'package.json');
  const { exports, ...papers } = JSON.parse(readFileSync(manifest, 'utf8'));

  test('holds its sources, its builds and its papers, and nothing else', () => {
    const files = project.files.get(name) ?? [];
    const others = files.filter((file) => !/^(?:src\/.+\.ts|dist\/.+\.(?:js(?:\.map)?|cjs|d\.ts|d\.cts))$/.test(file));
    const bundled = others.filter((file) => /^dist\/(?:THIRD-PARTY-LICENSES\.txt|schemas\/)/.test(file));
    const papers = ['LICENSE', 'README.md', ...(name === 'cli' ? ['bin.js'] : []), 'package.json'];
    expect(others.filter((file) => !bundled.includes(file)).sort()).toEqual(papers);
  });

  test('has a source for each file of its build', () => {
    const files = project.files.get(name) ?? [];
    const built = files.filter((file) => file.endsWith('.d.ts'));
    expect(built.length).toBeGreaterThan(0);
    for (const file of built) expect(files).toContain(file.replace('dist/', 'src/').replace('.d.ts', '.ts'));
  });

  test('offers each door as one ES module, and as CommonJS to whoever cannot load that', () => {
    for (const [door, conditions] of Object.entries<Record<string, Record<string, string>>>(exports)) {
      if (door === './package.json') continue;
      expect(Object.keys(conditions)).toEqual(['module-sync', 'import', 'require']);
      expect(conditions['module-sync']).toEqual(conditions['import']);
      for (const condition of Object.values(conditions)) expect(Object.keys(condition)).toEqual(['types', 'default']);
    }
    expect(papers.engines).toEqual({ node: '^20.19.0 || >=22.12.0' });
  });

  test('tells the licence of all that is bundled into it', () => {
    const files = project.files.get(name) ?? [];
    const texts = files.filter((file) => file.endsWith('LICENSES.txt')).map((file) => project.read(name, file));
    const told = Array.from(texts.join('').matchAll(/^(\S+) \d+\.\d+\.\d+ \(.+\)$/gm), ([, bundled]) => bundled);
    expect(told).toEqual(BUNDLED[name] ?? []);
  });

  test('weighs no more than it did, itself and with what it brings', () => {
    const [kilobytes, packages] = WEIGHT[name];
    expect(project.sizes.get(name)).toBeLessThan(kilobytes * 1_000);
    expect([...broughtBy(manifest)].length).toBeLessThanOrEqual(packages);
  });
});

describe('in an empty project', () => {
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
            // A table of options, or a check, is data that can be called.
            if (typeof value === 'function' && !/(?:Check|Options?|Limits)$/.test(name) && value.name !== name) wrong.push(key + ': called ' + value.name);
          }
      console.log(JSON.stringify({ found: known.size > 100, wrong }));`;
    const printed = await project.run(process.execPath, ['--input-type=module', '-e', code]);
    expect(JSON.parse(printed)).toEqual({ found: true, wrong: [] });
  });

  test('so it is where ES modules cannot be required, and nothing of them is loaded', async () => {
    const code = `const known = new Map();
      const wrong = [];
      for (const entryPoint of ${JSON.stringify(ENTRY_POINTS.filter((entryPoint) => !isOfModules(entryPoint)))})
        for (const [name, value] of Object.entries(require(entryPoint))) {
          const key = entryPoint.split('/')[1] + ' ' + name;
          if (!known.has(key)) known.set(key, value);
          if (known.get(key) !== value) wrong.push(key + ': two of them');
          if (typeof value === 'function' && !/(?:Check|Options?|Limits)$/.test(name) && value.name !== name) wrong.push(key + ': called ' + value.name);
        }
      for (const file of ${JSON.stringify(commonJsFiles().filter((file) => !isOfModules(file)))}) require(process.cwd() + '/node_modules/@sallyport/' + file);
      const ours = Object.keys(require.cache).filter((file) => file.includes('/@sallyport/'));
      wrong.push(...ours.filter((file) => !file.endsWith('.cjs')));
      console.log(JSON.stringify({ found: known.size > 100, wrong }));`;
    const printed = await project.run(process.execPath, [...WITHOUT_MODULES, '-e', code]);
    expect(JSON.parse(printed)).toEqual({ found: true, wrong: [] });
  });

  test('Jest in its CommonJS mode runs handlers, contracts and an adapter', async () => {
    const source = readFileSync(join(__dirname, 'runner-without-modules.cjs'), 'utf8');
    project.write('installed.test.js', source);
    project.write('package.json', '{}');
    const config = JSON.stringify({
      testEnvironment: 'node',
      transform: {},
      testMatch: ['<rootDir>/installed.test.js'],
    });
    await project.run(join(BIN, 'jest'), ['--config', config, '--runInBand', '--forceExit', '--testTimeout', '30000']);
  });

  test('a chain that a CommonJS file makes fits, for the compiler, where an ES module mounts it', async () => {
    project.write('chain.cts', MADE);
    project.write('main.mts', MOUNTED);
    const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, types: ['node'], noEmit: true };
    const files = ['chain.cts', 'main.mts'];
    project.write(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: false }, files }),
    );
    expect(await project.run(join(BIN, 'tsc'), ['-p', '.'])).toBe('');
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

  test('the program of the command line runs as npm links it, and brings what it needs', async () => {
    const { bin } = JSON.parse(project.read('cli', 'package.json'));
    const program = join('node_modules/@sallyport/cli', bin.sallyport);
    expect(project.read('cli', bin.sallyport)).toMatch(/^#!\/usr\/bin\/env node\n/);
    project.write('orders.json', JSON.stringify(ordersDocument()));
    const matrix = await project.ended(process.execPath, [program, 'matrix', 'orders.json']);
    expect(matrix).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('| listOrders | GET |') });
    project.write(
      'app.cjs',
      `module.exports = require('express')().get('/shop/orders', (_request, response) => response.end());`,
    );
    const check = await project.ended(process.execPath, [program, 'check', 'orders.json', '--app', 'app.cjs']);
    expect(check.stdout).toContain('the application has no route for POST /shop/orders (placeOrder)');
    expect(check.stdout).not.toContain('listOrders');
    expect(check.code).toBe(1);
    expect(await project.ended(process.execPath, [program, 'matrix', 'nothing.json'])).toMatchObject({
      code: 2,
      stdout: '',
    });
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

// Started before all others, and as slow as all others together.
test('publint and are-the-types-wrong find nothing, from ES modules and CommonJS, by old resolution and new', async () => {
  expect(await findings).toEqual(Object.fromEntries(PACKAGES.map((name) => [project.tarballs.get(name), []])));
}, 120_000);
