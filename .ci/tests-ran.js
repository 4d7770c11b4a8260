// Fails when a test was skipped because a program is missing: such titles say so, and the gate installs these programs.
// Run: node .ci/tests-ran.js <report of Jest>
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status, fullName }) => status === 'pending' && /no (?:redis-server|nginx|haproxy)\b/.test(fullName));
for (const { fullName } of skipped) console.error(`skipped: ${fullName}`);
process.exitCode = skipped.length === 0 ? 0 : 1;
