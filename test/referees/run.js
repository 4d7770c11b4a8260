// Lets suites that others wrote judge the packed packages, in a project outside the workspaces.
// Run: npm run test:referees. Needs the npm registry, and no other network.
import { close, report } from '../consumers/outcomes.js';
import { binaryOf, install, withProjects } from '../consumers/workshop.js';
import { judge } from './mcp/judged.js';

/** The suites need Node 22 or later. */
const NODE = '24';

await withProjects(['nodes', 'referees'], async (projects) => {
  const node = await binaryOf(projects.nodes, NODE);
  if (node === undefined) {
    return report('skipped', `npm has no Node ${NODE} for this platform`, performance.now());
  }
  if (await install(projects, Object.keys(projects))) await judge(projects.referees.file('.'), node);
});
close();
