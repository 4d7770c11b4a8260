// Turns Jest's JSON report, and the output of the mutations where they ran, into the closing line of a run.
import { readFileSync } from 'node:fs';

const [reportFile, mutationsFile] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportFile, 'utf8'));
const mutations = mutationsFile === undefined ? '0 killed, 0 survived' : readFileSync(mutationsFile, 'utf8').trim();
// A run of mutations that ended early has no closing line, and counts as a failure.
const [killed, survived] = /^(\d+) killed, (\d+) survived$/m.exec(mutations)?.slice(1).map(Number) ?? [0, 1];
const passed = report.numPassedTests + killed;
// A suite that cannot even be loaded fails without a failed test.
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites + survived;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
