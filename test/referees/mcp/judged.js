// The conformance suite of MCP, at two revisions, once without Sallyport and once with it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { report } from '../../consumers/outcomes.js';
import { compared } from './comparison.js';
import { Suite } from './suite.js';

const KNOWN = join(import.meta.dirname, 'known-failures.json');
/** The realm of `middleware.js`. */
const OUR_REALM = 'realm="suite"';

/** The one whose servers have sessions, and the one that has none. */
const REVISIONS = ['2025-11-25', '2026-07-28'];

/** Reports each scenario. */
export async function judge(folder, node) {
  const known = JSON.parse(await readFile(KNOWN, 'utf8'));
  for (const revision of REVISIONS) {
    const suite = new Suite({ folder, node, revision });
    for (const side of ['client', 'server']) await judgeSide(suite, side, revision, known[revision][side]);
    await reportGate(suite, revision);
  }
}

async function judgeSide(suite, side, revision, known) {
  const since = performance.now();
  const without = await suite[side]({ isWithUs: false });
  const withUs = await suite[side]({ isWithUs: true });
  for (const { name, wrong } of compared(without, withUs, known)) {
    report(wrong === '' ? 'passed' : 'failed', `mcp ${revision}, ${side}: ${name}`, since, wrong);
  }
  if (side === 'client') reportOurs(withUs, `mcp ${revision}, client: every refusal is ours`, since);
}

/** Without this, a suite that has its own middleware still in place would pass. */
function reportOurs(withUs, name, since) {
  const refusals = Array.from(withUs.values()).flatMap(({ refusals }) => refusals);
  const others = refusals.filter((challenge) => !challenge.includes(OUR_REALM));
  const isOurs = refusals.length > 0 && others.length === 0;
  report(isOurs ? 'passed' : 'failed', name, since, others.join('\n'));
}

async function reportGate(suite, revision) {
  const since = performance.now();
  const { status, headers } = await suite.withServer({ isWithUs: true }, (address) =>
    fetch(address, { method: 'POST', headers: { authorization: 'Bearer a.b.c' } }),
  );
  const challenge = String(headers.get('www-authenticate'));
  const parts = ['error="invalid_token"', 'resource_metadata="'];
  const isRight = status === 401 && parts.every((part) => challenge.includes(part));
  const name = `mcp ${revision}, server: a token that nobody issued is refused`;
  report(isRight ? 'passed' : 'failed', name, since, isRight ? '' : `${status} ${challenge}`);
}
