// A folder outside the repository with the packed packages, and projects in it that depend on them.
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report } from './outcomes.js';
import { Project, packInto } from './project.js';

/** Copies the projects of these names into such a folder, works with them, by name, and removes the folder. */
export async function withProjects(names, work) {
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
    const projects = Object.fromEntries(names.map((name) => [name, new Project(name, folder)]));
    for (const project of Object.values(projects)) await project.copy(tarballs);
    await work(projects);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Installs these projects by their lockfiles. @returns whether all of them are */
export async function install(projects, names) {
  const faults = await Promise.all(
    Array.from(names, async (name) => {
      const since = performance.now();
      const wrong = await projects[name].install();
      report(wrong === undefined ? 'passed' : 'failed', `npm ci in ${name}`, since, wrong);
      return wrong;
    }),
  );
  return faults.every((wrong) => wrong === undefined);
}

/** The binary of a version; undefined where npm has none for this platform. */
export async function binaryOf(nodes, version) {
  const { optionalDependencies } = JSON.parse(await readFile(nodes.file('package.json'), 'utf8'));
  const name = `node-${version}-${process.platform}-${process.arch}`;
  return name in optionalDependencies ? nodes.file(`node_modules/${name}/bin/node`) : undefined;
}
