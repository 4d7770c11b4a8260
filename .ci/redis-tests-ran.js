// Fails when a test that needs Redis was skipped: their titles say so, where there is no redis-server to start.
// Run: node .ci/redis-tests-ran.js <report of Jest>
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const skipped = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status, fullName }) => status === 'pending' && /no redis-server/.test(fullName));
for (const { fullName } of skipped) console.error(`skipped: ${fullName}`);
process.exitCode = skipped.length === 0 ? 0 : 1;
