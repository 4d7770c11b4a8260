// What has passed, failed and been skipped: a line for each as it ends, and their numbers in the closing line.
const counts = { passed: 0, failed: 0, skipped: 0 };

/** @param since the `performance.now()` of its begin */
export function report(outcome, name, since, text = '') {
  counts[outcome] += 1;
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  console.log(`${outcome.padEnd(7)} ${seconds.padStart(6)} s  ${name}`);
  if (text !== '') console.log(text.trimEnd().replace(/^/gm, '    '));
}

/** Prints the closing line, which `.ci/summary.js` reads, and sets the exit code. */
export function close() {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
