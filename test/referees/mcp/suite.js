// Runs the conformance suite, and reads what it says about each scenario.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const SUITE = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';
const MINUTES = 60_000;

/** What a revision of the specification requires, in the folder where the suite is installed. */
export class Suite {
  #folder;
  #node;
  #revision;

  constructor({ folder, node, revision }) {
    this.#folder = folder;
    this.#node = node;
    this.#revision = revision;
  }

  /** The scenarios for clients. With Sallyport, it is in the place of the suite's middleware. */
  async client({ isWithUs }) {
    const results = this.#results('client', isWithUs);
    const hooks = isWithUs ? ['--import', './mcp/suite-hooks.js'] : [];
    await this.#run([...hooks, SUITE, 'client', '--command', `"${this.#node}" mcp/everything-client.js`], results);
    return verdictsIn(results, '');
  }

  /** The scenarios for servers. With Sallyport, it stands in front of the server. */
  async server({ isWithUs }) {
    const results = this.#results('server', isWithUs);
    return this.withServer({ isWithUs }, async (address) => {
      await this.#run([SUITE, 'server', '--url', address], results);
      return verdictsIn(results, 'server-');
    });
  }

  /** Does something with the address of the everything-server. */
  async withServer({ isWithUs }, work) {
    const args = ['mcp/everything-server.js', this.#revision, ...(isWithUs ? ['gate'] : [])];
    const server = spawn(this.#node, args, { cwd: this.#folder, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [address] = await once(createInterface(server.stdout), 'line');
      return await work(address);
    } finally {
      server.kill();
    }
  }

  #results(side, isWithUs) {
    return join(this.#folder, 'out', this.#revision, isWithUs ? `${side}-with-us` : side);
  }

  /** Its exit code tells about scenarios, which are judged one by one. */
  async #run(args, results) {
    const options = { cwd: this.#folder, timeout: 3 * MINUTES, maxBuffer: 2 ** 26 };
    const all = [...args, '--requirements', this.#revision, '-o', results];
    const { stdout, stderr } = await promisify(execFile)(this.#node, all, options).catch((error) => error);
    if (!/^Total: \d+ passed/m.test(stdout)) throw new Error(`The suite has come to no end\n${stdout}\n${stderr}`);
  }
}

/** @returns {Promise<Map<string, import('./comparison.js').Verdict>>} by scenario, in the order of their names */
async function verdictsIn(results, prefix) {
  const files = (await readdir(results, { recursive: true })).filter((path) => path.endsWith('checks.json')).sort();
  return new Map(
    await Promise.all(
      files.map(async (path) => {
        const name = dirname(path).replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
        return [name.slice(prefix.length), await verdictIn(join(results, dirname(path)))];
      }),
    ),
  );
}

async function verdictIn(folder) {
  const told = JSON.parse(await readFile(join(folder, 'checks.json'), 'utf8'));
  const stdout = await readFile(join(folder, 'stdout.txt'), 'utf8').catch(() => undefined);
  const checks = new Map();
  for (const { id, status, errorMessage, description } of told.filter(({ status }) => status !== 'INFO')) {
    const isGood = status !== 'FAILURE' && status !== 'WARNING';
    // One of several with the same id is enough to fail.
    if (checks.get(id)?.isGood !== false) checks.set(id, { isGood, text: errorMessage ?? description });
  }
  const refusals = told
    .filter(({ id, details }) => id === 'outgoing-response' && [401, 403].includes(details.statusCode))
    .map(({ details }) => String(details.headers['www-authenticate']));
  return { checks, refusals, ...(stdout !== undefined && { isFinished: /^finished$/m.test(stdout) }) };
}
