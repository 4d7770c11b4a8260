import type { DeniedDecision } from '../../../decision/decision.js';
import { requireScopes } from '../../../guard/require-scopes.js';
import { SecurityRequest } from '../../../request/request.js';
import { expectRule, shown } from '../rule.js';
import { type Mounted, mounted, type Subject, sending } from './adapter-under-test.js';
import type { WireAnswer, WireRequest } from './wire.js';

const ORDERS = requireScopes('orders:read');

/** One of each kind of refusal. */
const REFUSED: readonly (readonly [what: string, request: WireRequest])[] = [
  ['a request without credentials', {}],
  ['a bad token', { lines: sending('bad') }],
  ['a malformed token', { lines: sending('malformed') }],
  ['a demand for another login', { lines: sending('stepup.alice') }],
  ['a missing scope', { target: '/orders', lines: sending('later.bob') }],
  ['a limit', { lines: sending('limited.alice') }],
  ['an outage', { lines: sending('outage.alice') }],
];

export async function writesDenialsAsTheyAre(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, chain }) => {
    for (const [what, request] of REFUSED) {
      const denied = await denialOf(chain, request);
      expectDenial(await ask(request), denied, subject, what);
    }
  });
}

export async function writesNoBodyForHead(subject: Subject): Promise<void> {
  await mounted(subject, async ({ connect, chain }) => {
    const wire = await connect();
    try {
      const denied = await denialOf(chain, {});
      const answer = await wire.ask({ method: 'HEAD' });
      expectDenial({ ...answer, body: denied.body }, denied, subject, 'HEAD');
      const next = await wire.ask({ lines: sending('later.alice') }).catch(String);
      const isNext = typeof next !== 'string' && next.body === 'GET by alice';
      expectRule(isNext, `behind the answer to HEAD came bytes that are no answer: ${shown(next)}`);
    } finally {
      wire.close();
    }
  });
}

export async function keepsChallengesApart(subject: Subject): Promise<void> {
  await mounted(subject, async ({ ask, chain }) => {
    const denied = await denialOf(chain, {});
    const lines = (await ask({})).lines.filter((line) => line.startsWith('www-authenticate:'));
    const expected = linesOf(denied, subject).filter((line) => line.startsWith('www-authenticate:'));
    const wanted = subject.joinsLines ? 'in one line, in their order' : 'a line each';
    const came = lines.join(' | ');
    expectRule(lines.join('\n') === expected.join('\n'), `the challenges are not ${wanted}: ${came}`);
  });
}

export async function handsDenialsBack(subject: Subject): Promise<void> {
  const given: unknown[] = [];
  const onDenied = (...parameters: readonly unknown[]): never => {
    given.push(parameters[0]);
    return (parameters.at(-1) as () => never)();
  };
  await mounted(
    subject,
    async ({ ask, chain }) => {
      expectDenial(await ask({}), await denialOf(chain, {}), subject, 'what onDenied gave back');
      const { kind } = (given[0] ?? {}) as { kind?: unknown };
      const told = given.length === 0 ? 'was not called' : 'was called with something else than the decision first';
      expectRule(kind === 'denied', `onDenied ${told}`);
    },
    { options: { onDenied } },
  );
}

export async function refusesUpgrades(subject: Subject): Promise<void> {
  const handshake = ['Connection: Upgrade', 'Upgrade: rules'];
  await mounted(subject, async ({ connect, chain }) => {
    const refused = await connect();
    try {
      const answer = await refused.ask({ lines: handshake });
      expectDenial(answer, await denialOf(chain, {}), subject, 'an upgrade without credentials');
      expectRule((await refused.ends?.()) === true, 'the connection of a refused upgrade stayed open');
    } finally {
      refused.close();
    }
    const granted = await connect();
    try {
      const { status, lines } = await granted.ask({ lines: [...handshake, ...sending('later.alice')] });
      const isAlice = lines.includes('upgraded-by: alice');
      expectRule(
        status === 101 && isAlice,
        `an upgrade that is granted got ${status}, and the lines ${lines.join(' | ')}`,
      );
    } finally {
      granted.close();
    }
  });
}

/** The refusal of the chain itself, asked without an adapter. */
export async function denialOf(chain: Mounted['chain'], request: WireRequest): Promise<DeniedDecision> {
  const { method = 'GET', target = '/', lines = [] } = request;
  const rawHeaders = lines.flatMap((line) => line.split(/: ?(.*)/s, 2));
  const asked = new SecurityRequest({ method, target, rawHeaders });
  const decision = await chain.decide(asked);
  const last = decision.kind === 'granted' ? await chain.authorize(decision, ORDERS, asked) : decision;
  expectRule(last.kind === 'denied', 'the rules expected a refusal, and the chain granted');
  return last;
}

export function expectDenial(answer: WireAnswer, denied: DeniedDecision, subject: Subject, what: string): void {
  expectRule(answer.status === denied.status, `${what}: the status was ${answer.status}, not ${denied.status}`);
  const expected = linesOf(denied, subject);
  const names = new Set(expected.map(nameOf));
  const lines = answer.lines.filter((line) => names.has(nameOf(line)));
  const missing = expected.find((line) => !lines.includes(line));
  expectRule(
    missing === undefined,
    `${what}: the line "${missing}" was not written as it is; there are ${answer.lines.join(' | ')}`,
  );
  expectRule(
    lines.length === expected.length,
    `${what}: a line of the decision was written twice: ${lines.join(' | ')}`,
  );
  const isInOrder = subject.joinsLines || lines.join('\n') === expected.join('\n');
  expectRule(isInOrder, `${what}: the lines stand in another order: ${lines.join(' | ')}`);
  expectRule(answer.body === denied.body, `${what}: the body is ${shown(answer.body)}, not ${shown(denied.body)}`);
}

/** The lines of a decision as the answer must contain them. */
function linesOf({ headers, body }: DeniedDecision, { joinsLines }: Subject): readonly string[] {
  const lines = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  const fields = joinsLines
    ? [...new Set(lines.map(([name]) => name))].map((name) => [name, valuesOf(lines, name).join(', ')] as const)
    : lines;
  return [...fields.map(([name, value]) => `${name}: ${value}`), `content-length: ${Buffer.byteLength(body)}`];
}

function valuesOf(lines: readonly (readonly [string, string])[], name: string): readonly string[] {
  return lines.filter(([each]) => each === name).map(([, value]) => value);
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}
