// Takes the protections of the lists away, one at a time, and runs the tests of each: the tests of its rule must fail.
// They pass while nothing is taken away: `npm test` says so.
// Run: npm run mutation, or npm run mutation -- word for the protections whose rule, file or test contains the word.
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
/** How long the tests of one file may take. */
const MAX_MINUTES = 5;

/**
 * One copy of the tree that a protection is taken out of, so that nobody's working tree ever lacks one. Dependencies
 * are those of the tree; its own packages are found by their sources.
 */
class Copy {
  #folder;

  static async make() {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-mutation-'));
    const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
    });
    for (const file of tracked.toString().split('\0').filter(Boolean)) await cp(join(ROOT, file), join(folder, file));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return new Copy(folder);
  }

  constructor(folder) {
    this.#folder = folder;
  }

  /** Runs tests without the protection; gives back how they ended. */
  async without({ file, find, replace, test, title }) {
    const path = join(this.#folder, file);
    const source = await readFile(path, 'utf8');
    if (source.split(find).length !== 2)
      return `the text to take away stands ${source.split(find).length - 1} times in ${file}`;
    await writeFile(
      path,
      source.replace(find, () => replace),
    );
    try {
      return verdictOn(await this.#reportOf(test, title), title);
    } finally {
      await writeFile(path, source);
    }
  }

  /** What Jest reports of the tests of that title; null where it did not come to a report. */
  async #reportOf(test, title) {
    const report = join(this.#folder, 'report.json');
    await rm(report, { force: true });
    const jest = join(this.#folder, 'node_modules/jest/bin/jest.js');
    const pattern = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const options = ['--maxWorkers=1', '--forceExit', '--json', `--outputFile=${report}`, '--testNamePattern', pattern];
    const limits = { timeout: MAX_MINUTES * 60_000, maxBuffer: 2 ** 28 };
    await promisify(execFile)(process.execPath, [jest, ...options, test], { cwd: this.#folder, ...limits }).catch(
      () => {},
    );
    return JSON.parse(await readFile(report, 'utf8').catch(() => 'null'));
  }

  remove() {
    return rm(this.#folder, { recursive: true });
  }
}

/** A test that names the rule has to fail; a file that cannot be loaded or a run that dies proves nothing. */
function verdictOn(report, title) {
  if (report === null) return 'the run died before any test failed';
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const ofTheRule = tests.filter(({ fullName }) => fullName.includes(title));
  if (ofTheRule.length === 0) return 'no test of that title was run';
  return ofTheRule.some(({ status }) => status === 'failed') ? 'killed' : 'survived';
}

const [word = ''] = process.argv.slice(2);
const lists = join(import.meta.dirname, 'protections');
const all = (await Promise.all((await readdir(lists)).map((file) => readFile(join(lists, file), 'utf8')))).flatMap(
  (list) => JSON.parse(list),
);
const wanted = all.filter(({ rule, file, test }) => [rule, file, test].some((text) => text.includes(word)));
const copies = await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => Copy.make()));
const faults = [];
try {
  const waiting = [...wanted];
  await Promise.all(
    copies.map(async (copy) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const outcome = await copy.without(next);
        console.log(`${outcome === 'killed' ? 'killed  ' : 'SURVIVED'} ${next.rule}`);
        if (outcome !== 'killed') faults.push(`${next.rule}: ${outcome}`);
      }
    }),
  );
} finally {
  await Promise.all(copies.map((copy) => copy.remove()));
}
for (const fault of faults) console.error(fault);
console.log(`${wanted.length - faults.length} killed, ${faults.length} survived`);
process.exitCode = faults.length === 0 && wanted.length > 0 ? 0 : 1;
