import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { InstalledProject } from '../support/installed-project.js';
import { blocksOf } from './document-project.js';

const ROOT = join(__dirname, '../..');
const PAGES = join(ROOT, 'docs/migration');
const APPLICATIONS = join(ROOT, 'test/migration/applications');
const STAGES = ['before.ts', 'after.ts', 'side-by-side.ts'];
/** An index, and a page without code. */
const WITHOUT_STAGES = ['README.md', 'wso2-authenticators.md'];

const pages = readdirSync(PAGES).filter((name) => !WITHOUT_STAGES.includes(name));

describe('docs/migration', () => {
  test.each(pages)('%s shows the code before, after and during the move', (page) => {
    const files = blocksOf(`docs/migration/${page}`).map(({ file }) => file);
    expect(files).toEqual(expect.arrayContaining([...STAGES, 'security.ts']));
  });

  test.each(pages)('the security of %s is at most 15 lines, without imports', (page) => {
    const { code = '' } = blocksOf(`docs/migration/${page}`).find(({ file }) => file === 'security.ts') ?? {};
    const lines = code.split('\n').filter((line) => !/^(?:import .*|\/\/.*|\/\*\*.*|)$/.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.length).toBeLessThanOrEqual(15);
  });

  test.each(readdirSync(PAGES))('%s is in the index', (page) => {
    const index = readFileSync(join(PAGES, 'README.md'), 'utf8');
    expect(page === 'README.md' || index.includes(`(${page})`)).toBe(true);
  });

  // `npm run test:consumers` also asks the servers before and during the move, with the packages that they come from.
  describe('its servers after the move', () => {
    let project: InstalledProject;
    beforeAll(async () => {
      project = await InstalledProject.install();
      cpSync(join(ROOT, 'test/migration/pages'), join(project.folder, 'pages'), { recursive: true });
      project.write('package.json', JSON.stringify({ type: 'module' }));
    });
    afterAll(() => project?.remove());

    test('compile, take the tokens that users have, and refuse others', async () => {
      const report = await project.run(process.execPath, ['pages/run.js', PAGES, '--after']);
      expect(report).toMatch(/^# pass 25$/m);
      expect(report).toMatch(/^# fail 0$/m);
    }, 120_000);
  });
});

/** How many lines of one text are not in the other, in their order. */
function countChanges(before: readonly string[], after: readonly string[]): { removed: number; added: number } {
  let common = new Array<number>(after.length + 1).fill(0);
  for (const line of before) {
    const next = [0];
    for (const [index, other] of after.entries()) {
      const both = line === other ? (common[index] ?? 0) + 1 : Math.max(common[index + 1] ?? 0, next[index] ?? 0);
      next.push(both);
    }
    common = next;
  }
  const kept = common.at(-1) ?? 0;
  return { removed: before.length - kept, added: after.length - kept };
}

describe('applications that were moved', () => {
  const applications = readdirSync(APPLICATIONS, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  const linesOf = (name: string, stage: string, file: string): readonly string[] => {
    const folder = join(APPLICATIONS, name, stage);
    if (!readdirSync(folder).includes(file)) return [];
    return readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
  };
  const sourcesOf = (name: string) => {
    const files = ['before', 'after'].flatMap((stage) => readdirSync(join(APPLICATIONS, name, stage)));
    return [...new Set(files)].filter((file) => file.endsWith('.ts'));
  };

  test.each(applications.map(({ name }) => name))('the index tells how many lines of %s changed', (name) => {
    const index = readFileSync(join(PAGES, 'README.md'), 'utf8');
    const counts = sourcesOf(name).map((file) => {
      const [before, after] = [linesOf(name, 'before', file), linesOf(name, 'after', file)];
      return { lines: before.length, ...countChanges(before, after) };
    });
    const sum = (key: 'lines' | 'removed' | 'added') => counts.reduce((total, count) => total + count[key], 0);
    const row = index
      .split('\n')
      .find((line) => line.startsWith(`| [${name}](../../test/migration/applications/${name})`));
    const told = row?.split('|').slice(2, 5).map(Number);
    expect(told).toEqual([sum('lines'), sum('removed'), sum('added')]);
  });
});
