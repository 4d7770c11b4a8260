// Turns Jest's JSON report, and the output of the consumers and mutations where they ran, into the closing line of a run.
import { readFileSync } from 'node:fs';

const [reportFile, ...outputFiles] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportFile, 'utf8'));

/** `12 passed, 1 failed, 3 skipped` of the consumers, `12 killed, 1 survived` of the mutations. */
const CLOSING = /^(\d+) (?:passed|killed), (\d+) (?:failed|survived)(?:, (\d+) skipped)?$/gm;
/** A run that ended early has no closing line, and counts as a failure. */
const ENDED_EARLY = [0, 1, 0];

const counts = outputFiles.map((file) => {
  const closing = [...readFileSync(file, 'utf8').matchAll(CLOSING)].at(-1);
  return closing === undefined ? ENDED_EARLY : closing.slice(1).map((count = '0') => Number(count));
});
// A suite that cannot even be loaded fails without a failed test.
const failedTests = report.numFailedTests + report.numRuntimeErrorTestSuites;
counts.push([report.numPassedTests, failedTests, report.numPendingTests + report.numTodoTests]);

const [passed, failed, skipped] = [0, 1, 2].map((kind) => counts.reduce((sum, count) => sum + count[kind], 0));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
