// Installs the packed packages into projects outside the workspaces, as users do, and runs the rows of the matrix there.
// Run: npm run test:consumers, or npm run test:consumers -- word for the rows whose name contains the word.
// After a change of dependencies: node test/consumers/run.js --lock
import { availableParallelism } from 'node:os';
import { close, report } from './outcomes.js';
import { PROJECTS } from './rows.js';
import { binaryOf, install, withProjects } from './workshop.js';

const NAMES = Object.keys(PROJECTS);

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

/** Installs what the rows need, prepares it, and runs them. */
async function runAll(projects, word) {
  const rows = NAMES.flatMap((name) => PROJECTS[name].rows.map((row) => ({ name, row })));
  const chosen = rows.filter(({ row }) => row.name.includes(word));
  const needed = new Set(chosen.flatMap(({ name, row }) => (row.node === undefined ? [name] : [name, 'nodes'])));
  await install(projects, needed);
  const run = ({ name, row }) => runRow(row, projects[name], projects.nodes);
  for (const name of needed) for (const row of PROJECTS[name].first) await run({ name, row });
  await inLanes(chosen, run);
}

const [word = ''] = process.argv.slice(2);
await withProjects(NAMES, async (projects) => {
  if (word === '--lock') for (const project of Object.values(projects)) await project.lock();
  else await runAll(projects, word);
});
if (word !== '--lock') close();
