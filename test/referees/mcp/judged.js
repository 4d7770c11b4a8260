// The conformance suite of MCP, once without Sallyport and once with it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { report } from '../../consumers/outcomes.js';
import { compared } from './comparison.js';
import { Suite } from './suite.js';

const KNOWN = join(import.meta.dirname, 'known-failures.json');
/** The realm of `middleware.js`. */
const OUR_REALM = 'realm="suite"';

/** Reports each scenario. */
export async function judge(folder, node) {
  const known = JSON.parse(await readFile(KNOWN, 'utf8'));
  const suite = new Suite(folder, node);
  for (const side of ['client', 'server']) {
    const since = performance.now();
    const without = await suite[side]({ isWithUs: false });
    const withUs = await suite[side]({ isWithUs: true });
    for (const { name, wrong } of compared(without, withUs, known[side])) {
      report(wrong === '' ? 'passed' : 'failed', `mcp conformance, ${side}: ${name}`, since, wrong);
    }
    if (side === 'client') reportOurs(withUs, since);
  }
  await suite.withServer({ isWithUs: true }, reportGate);
}

/** Without this, a suite that has its own middleware still in place would pass. */
function reportOurs(withUs, since) {
  const refusals = Array.from(withUs.values()).flatMap(({ refusals }) => refusals);
  const others = refusals.filter((challenge) => !challenge.includes(OUR_REALM));
  const isOurs = refusals.length > 0 && others.length === 0;
  report(isOurs ? 'passed' : 'failed', 'mcp conformance, client: every refusal is ours', since, others.join('\n'));
}

async function reportGate(address) {
  const since = performance.now();
  const { status, headers } = await fetch(address, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } });
  const challenge = String(headers.get('www-authenticate'));
  const isOurs =
    status === 401 && challenge.includes('error="invalid_token"') && challenge.includes('resource_metadata=');
  const name = 'mcp conformance, server: a token that nobody issued is refused';
  report(isOurs ? 'passed' : 'failed', name, since, isOurs ? '' : `${status} ${challenge}`);
}
