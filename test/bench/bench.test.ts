import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { documentOf, tablesOf } from '../support/markdown.js';

const ROOT = join(__dirname, '../..');
const BENCH = join(ROOT, 'bench');
/** A row of the table in docs/performance.md: the goal's number, what it is about, ours, the aim, and whether reached. */
const GOAL_ROW = /^\| (\d+) \| [^|]+ \| -?[\d.]+[^|]* \| [<>]= [^|]+ \| (?:yes|no) \|$/gm;

/** Which goals a bench measures. */
const GOALS: Readonly<Record<string, readonly number[]>> = {
  adapters: [1, 2, 11],
  'api-keys': [3],
  basic: [12],
  'before-after': [],
  cache: [7, 10],
  chain: [3, 4, 9],
  'contract-start': [],
  dpop: [14],
  growth: [4, 7, 9, 10, 15],
  introspection: [3, 6, 7, 8],
  jwt: [3, 4, 5],
  leases: [13],
  limits: [],
};

async function outputOf(script: string, ...options: readonly string[]): Promise<string> {
  const args = ['--expose-gc', join(BENCH, `${script}.js`), ...options];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

describe('a quick run, whose figures mean nothing', () => {
  test.each(Object.entries(GOALS))('bench/%s.js prints a row for each of its goals', async (name, goals) => {
    const rows = [...(await outputOf(name, '--quick')).matchAll(GOAL_ROW)];
    expect(new Set(rows.map(([, goal]) => Number(goal)))).toEqual(new Set(goals));
  });
});

test('a quick run leaves the results of a full run alone, and writes numbers as numbers', async () => {
  const results = () =>
    readdirSync(join(BENCH, 'results'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(BENCH, 'results', name), 'utf8')]);
  const before = results();
  await outputOf('all', 'limits', '--quick');
  expect(results()).toEqual(before);
  const draft = JSON.parse(readFileSync(join(BENCH, 'results/draft/results.json'), 'utf8'));
  expect(draft).toMatchObject({ isQuick: true, node: process.version, benches: [{ name: 'limits' }] });
  expect(draft.benches[0].tables[0].rows[0]).toEqual({
    'a decision, one caller': 'a guard',
    ns: expect.any(Number),
    'against the guard alone': 1,
    'bytes added': 0,
  });
});

test('a quick run compares every row of two builds that are the same', async () => {
  const output = await outputOf('before-after', '--quick', `--before=${ROOT}`);
  expect(output).not.toContain('has no');
  const rows = tablesOf(output).flat();
  expect(new Set(rows.map((row) => Object.keys(row)[0]))).toEqual(
    new Set([
      'a credential seen before, whole decide()',
      'the operation found, added to a decision',
      'a credential never seen',
      'added to the bare server, a JWT seen before',
      'memory',
    ]),
  );
  // A build that lacks what a row asks for has a reason here. A ratio may be anything where so little is measured.
  const figures = rows.flatMap((row) => Object.entries(row).filter(([heading]) => /^(?:before|after), /.test(heading)));
  for (const [, figure] of figures) expect(figure).toMatch(/^-?[\d.]+ \(-?[\d.]+ to -?[\d.]+\)$/);
}, 120_000);

test('all benches are listed, and together they measure every goal', async () => {
  expect((await outputOf('all', '--list')).trim().split('\n')).toEqual(Object.keys(GOALS));
  const measured = [...new Set(Object.values(GOALS).flat())].toSorted((left, right) => left - right);
  expect(measured).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
});

describe('docs/performance.md', () => {
  const [short = [], ...full] = tablesOf(documentOf('docs/performance.md'));
  const ADDED = 'added, us';

  test.each(short.map((row) => [row['server'] ?? '', row] as const))('its short table is true of %s', (server, row) => {
    const table = full.find(([first]) => first !== undefined && server in first) ?? [];
    // Behind a median stand its quartiles.
    const added = (name: string) => Number.parseFloat(table.find((each) => each[server] === name)?.[ADDED] ?? '');
    const [limit, ours, peer] = table.slice(1).map((each) => each[server] ?? '');
    expect([limit, ours, row['the usual package']?.replace(', with its cache', ', cache')]).toEqual([
      'limit',
      'ours',
      peer,
    ]);
    for (const [cell = '', name = ''] of [
      [row['limit'], 'limit'],
      [row['Sallyport'], 'ours'],
      [row['its cost'], peer],
    ]) {
      const shown = cell.replace(' us', '');
      expect([name, added(name).toFixed(shown.split('.')[1]?.length ?? 0)]).toEqual([name, shown]);
    }
  });
});
