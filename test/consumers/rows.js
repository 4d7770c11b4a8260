// The rows of the matrix, as data: what is run, in which project, by which Node, and what it has to print.

/** The newest of each, and the oldest that is supported, which is asked less. */
const NODES = ['20', '22', '24', '26'];
const OLDEST = '20.19';

/** What applications import. */
const LIBRARIES = ['core', 'openapi', 'configuration', 'handlers', 'adapters'];
export const PACKAGES = [...LIBRARIES, 'cli'];

/** What a test may take on a busy machine. */
const TEST_MS = 60_000;

/** How many proofs `program.ts`, `both.cjs` and `copies.cjs` hold: a runner that finds none of them must not pass. */
const PROOFS = 10;
const BOTH_PROOFS = 3;
const COPIES_PROOFS = 5;

const JEST = ['node_modules/jest/bin/jest.js', '--runInBand', `--testTimeout=${TEST_MS}`, '--config'];
const MOCHA = ['node_modules/mocha/bin/mocha.js', `--timeout=${TEST_MS}`];
const NODE_TEST = ['--test', '--test-reporter=tap'];
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', `--testTimeout=${TEST_MS}`];
const TSC = { 5.9: 'node_modules/typescript/bin/tsc', 7: 'node_modules/typescript-7/bin/tsc' };

const passedInJest = (count) => new RegExp(`^Tests: +${count} passed, ${count} total$`, 'm');
const passedInMocha = new RegExp(`^ *${PROOFS} passing`, 'm');
const passedInNode = (count) => new RegExp(`^# pass ${count}$`, 'm');
const passedInVitest = (count) => new RegExp(`^ *Tests +${count} passed \\(${count}\\)$`, 'm');

/** @typedef {{ name: string, command: string[], expected: RegExp, node?: string }} Row */

/** @type {Row[]} */
const RUNNERS = [
  {
    name: 'Jest 30, ts-jest, TypeScript 5.9',
    command: [...JEST, 'jest.ts-jest.config.js'],
    expected: passedInJest(PROOFS),
  },
  { name: 'Jest 30, babel-jest', command: [...JEST, 'jest.babel.config.js'], expected: passedInJest(PROOFS) },
  { name: 'Jest 30, @swc/jest', command: [...JEST, 'jest.swc.config.js'], expected: passedInJest(PROOFS) },
  {
    name: 'Jest 30, native ES modules',
    command: ['--experimental-vm-modules', ...JEST, 'jest.native.config.js', 'jest.spec.mjs'],
    expected: passedInJest(PROOFS),
  },
  {
    name: 'Jest 30, native ES modules, two copies',
    command: ['--experimental-vm-modules', ...JEST, 'jest.native.config.js', 'jest.copies.mjs'],
    expected: passedInJest(COPIES_PROOFS),
  },
  { name: 'Vitest 4', command: [...VITEST, 'vitest.spec.ts'], expected: passedInVitest(PROOFS) },
  { name: 'Vitest 4, both', command: [...VITEST, 'vitest.both.mjs'], expected: passedInVitest(BOTH_PROOFS) },
  { name: 'Mocha 11, import', command: [...MOCHA, 'mocha.spec.mjs'], expected: passedInMocha },
  { name: 'Mocha 11, require', command: [...MOCHA, 'mocha.spec.cjs'], expected: passedInMocha },
];

/** @type {Row[]} */
const PLAIN = [
  { name: 'node:test, import', command: [...NODE_TEST, 'node.spec.mjs'], expected: passedInNode(PROOFS) },
  { name: 'node:test, require', command: [...NODE_TEST, 'node.spec.cjs'], expected: passedInNode(PROOFS) },
  {
    name: 'node:test, both from an ES module',
    command: [...NODE_TEST, 'node.both.mjs'],
    expected: passedInNode(BOTH_PROOFS),
  },
  {
    name: 'node:test, both from CommonJS',
    command: [...NODE_TEST, 'node.both.cjs'],
    expected: passedInNode(BOTH_PROOFS),
  },
  {
    name: 'node:test, two copies',
    command: [...NODE_TEST, 'node.copies.mjs'],
    expected: passedInNode(COPIES_PROOFS),
  },
];

/** [TypeScript, module, moduleResolution] */
const RESOLUTIONS = [
  ['5.9', 'commonjs', 'node10'],
  ['5.9', 'node16', 'node16'],
  ['5.9', 'nodenext', 'nodenext'],
  ['5.9', 'preserve', 'bundler'],
  ['7', 'node16', 'node16'],
  ['7', 'nodenext', 'nodenext'],
  ['7', 'preserve', 'bundler'],
];

/** @returns {Row} */
function compiled([version, module, resolution]) {
  const config = resolution === 'node10' ? 'tsconfig.node10.json' : 'tsconfig.json';
  const command = [TSC[version], '-p', config, '--module', module, '--moduleResolution', resolution, '--noEmit'];
  return { name: `TypeScript ${version}, moduleResolution ${resolution}`, command, expected: /^$/ };
}

/** @type {Row[]} */
const TYPES = [
  ...RESOLUTIONS.map(compiled),
  {
    name: 'TypeScript 5.9, declarations checked',
    command: [TSC['5.9'], '-p', 'tsconfig.declarations.json'],
    expected: /^$/,
  },
  ...LIBRARIES.map((name) => ({
    name: `publint, ${name}`,
    command: ['node_modules/publint/src/cli.js', `sallyport-${name}.tgz`, '--strict'],
    expected: /^All good!$/m,
  })),
  ...LIBRARIES.map((name) => ({
    name: `are-the-types-wrong, ${name}`,
    command: ['node_modules/@arethetypeswrong/cli/dist/index.js', `sallyport-${name}.tgz`],
    expected: /No problems found/,
  })),
];

const byNode = (nodes, rows) =>
  nodes.flatMap((node) => rows.map((row) => ({ ...row, name: `Node ${node}, ${row.name}`, node })));

/** The applications of `test/migration`, each compiled apart. */
const APPLICATIONS = ['conduit', 'notes', 'shelf', 'desk', 'tools'];

/** @type {Row[]} */
const MIGRATION = [
  { name: 'migration, pages', command: ['pages/run.js', 'docs/migration'], expected: /^# pass 51$/m },
  ...APPLICATIONS.map((name) => ({
    name: `migration, ${name}`,
    command: [...NODE_TEST, `applications/${name}/${name}.spec.js`],
    expected: /^# fail 0$/m,
  })),
  {
    name: 'migration, tools, discovery by the client of MCP',
    command: [...NODE_TEST, 'applications/tools/discovery/discovery.spec.js'],
    expected: passedInNode(3),
  },
];

/** @type {Row[]} */
const HOSTS = [
  ...byNode(NODES, [
    { name: 'Lambda hosts', command: [...NODE_TEST, 'lambda.spec.js'], expected: passedInNode(6) },
    { name: 'Next.js 16, route handlers', command: [...NODE_TEST, 'next.spec.js'], expected: passedInNode(8) },
  ]),
  ...byNode(
    NODES.filter((node) => Number(node) >= 24),
    [{ name: 'Lambda hosts, newest', command: [...NODE_TEST, 'lambda-5.spec.js'], expected: passedInNode(3) }],
  ),
];

/** @type {Row[]} */
const CHECKED = byNode(
  [OLDEST, ...NODES],
  [{ name: 'sallyport check', command: [...NODE_TEST, 'check.spec.js'], expected: passedInNode(14) }],
);

/** @type {Row[]} */
const NEST = byNode(
  [OLDEST, ...NODES],
  [{ name: 'Nest 11, CommonJS, Jest 30', command: [...JEST, 'jest.config.js'], expected: passedInJest(4) }],
);

/**
 * By folder, or at the folder that `at` names, with a copy of what `with` names. The rows of `first` prepare what the others
 * run.
 */
export const PROJECTS = {
  nodes: { first: [], rows: [] },
  runners: {
    first: [{ name: 'the program as ES module and CommonJS', command: [TSC['5.9'], '-p', '.'], expected: /^$/ }],
    rows: [...byNode([OLDEST], PLAIN), ...byNode(NODES, [...PLAIN, ...RUNNERS])],
  },
  types: { first: [], rows: TYPES },
  hosts: {
    first: [
      {
        name: 'Next.js 16, built',
        command: ['node_modules/next/dist/bin/next', 'build'],
        expected: /^[^\n]*ƒ \/orders\/\[id\]$/m,
      },
    ],
    rows: HOSTS,
  },
  checked: { with: ['test/cli/check/applications', 'test/vectors/check'], first: [], rows: CHECKED },
  nest: { first: [], rows: NEST },
  migration: {
    at: '../migration',
    with: ['docs/migration'],
    first: APPLICATIONS.map((name) => ({
      name: `migration, ${name}, compiled`,
      command: ['node_modules/typescript/bin/tsc', '-p', `applications/${name}`],
      expected: /^$/,
    })),
    rows: MIGRATION,
  },
  // Run by `npm run test:referees`.
  referees: { at: '../referees', first: [], rows: [] },
};
