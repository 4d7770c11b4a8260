// Installs the packed packages into projects outside the workspaces, as users do, and runs the rows of the matrix there.
// Run: npm run test:consumers, or npm run test:consumers -- word for the rows whose name contains the word.
// After a change of dependencies: node test/consumers/run.js --lock
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Project, packInto } from './project.js';
import { PROJECTS } from './rows.js';

const NAMES = Object.keys(PROJECTS);
const counts = { passed: 0, failed: 0, skipped: 0 };

function report(outcome, name, since, text = '') {
  counts[outcome] += 1;
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  console.log(`${outcome.padEnd(7)} ${seconds.padStart(6)} s  ${name}`);
  if (text !== '') console.log(text.trimEnd().replace(/^/gm, '    '));
}

/** The binary of a version; undefined where npm has none for this platform. */
async function binaryOf(nodes, version) {
  const { optionalDependencies } = JSON.parse(await readFile(nodes.file('package.json'), 'utf8'));
  const name = `node-${version}-${process.platform}-${process.arch}`;
  return name in optionalDependencies ? nodes.file(`node_modules/${name}/bin/node`) : undefined;
}

async function runRow(row, project, nodes) {
  const since = performance.now();
  const node = row.node === undefined ? process.execPath : await binaryOf(nodes, row.node);
  if (node === undefined) return report('skipped', `${row.name} (npm has no such Node for this platform)`, since);
  const wrong = await project.run(row, node);
  report(wrong === undefined ? 'passed' : 'failed', row.name, since, wrong);
}

/** Does something with each, in as many lanes as there are cores. */
async function inLanes(items, work) {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane));
}

async function install(name, project) {
  const since = performance.now();
  const wrong = await project.install();
  report(wrong === undefined ? 'passed' : 'failed', `npm ci in ${name}`, since, wrong);
}

/** Installs what the rows need, prepares it, and runs them. */
async function runAll(projects, word) {
  const rows = NAMES.flatMap((name) => PROJECTS[name].rows.map((row) => ({ name, row })));
  const chosen = rows.filter(({ row }) => row.name.includes(word));
  const needed = new Set(chosen.flatMap(({ name, row }) => (row.node === undefined ? [name] : [name, 'nodes'])));
  await Promise.all(Array.from(needed, (name) => install(name, projects[name])));
  const run = ({ name, row }) => runRow(row, projects[name], projects.nodes);
  for (const name of needed) for (const row of PROJECTS[name].first) await run({ name, row });
  await inLanes(chosen, run);
}

const [word = ''] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'sallyport-consumers-'));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(1);
  });
}
try {
  const tarballs = join(folder, 'tarballs');
  await mkdir(tarballs);
  await packInto(tarballs);
  const projects = Object.fromEntries(NAMES.map((name) => [name, new Project(name, folder)]));
  for (const project of Object.values(projects)) await project.copy(tarballs);
  if (word === '--lock') for (const project of Object.values(projects)) await project.lock();
  else await runAll(projects, word);
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (word !== '--lock') console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
