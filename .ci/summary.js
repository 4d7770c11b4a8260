// Adds up the results of a run to its closing line: Jest's reports (`*.json`), and the output of consumers and mutations.
import { existsSync, readFileSync } from 'node:fs';

/** `12 passed, 1 failed, 3 skipped` of the consumers, `12 killed, 1 survived` of the mutations. */
const CLOSING = /^(\d+) (?:passed|killed), (\d+) (?:failed|survived)(?:, (\d+) skipped)?$/gm;
/** What ended before it had a result counts as a failure. */
const ENDED_EARLY = [0, 1, 0];

function countsOf(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (file.endsWith('.json')) return text === '' ? ENDED_EARLY : countsOfReport(JSON.parse(text));
  const closing = [...text.matchAll(CLOSING)].at(-1);
  return closing === undefined ? ENDED_EARLY : closing.slice(1).map((count = '0') => Number(count));
}

/** A suite that cannot even be loaded fails without a failed test. */
function countsOfReport(report) {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return [report.numPassedTests, failed, report.numPendingTests + report.numTodoTests];
}

const counts = process.argv.slice(2).map(countsOf);
const [passed, failed, skipped] = [0, 1, 2].map((kind) => counts.reduce((sum, count) => sum + count[kind], 0));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
