// What a decision costs beside the same handlers asked by a plain loop: cached, and with handlers that are not concerned
// (goals 3, 4, 9).
// Run after a build: npm run bench -- chain [--quick]
import {
  anyOf,
  authenticated,
  createPrincipal,
  rateLimit,
  requireScopes,
  route,
  routes,
  SecurityChain,
} from '@sallyport/core';
import { bearerChallenge, challenge, SecurityRequest, VerdictCache } from '@sallyport/core/extend';
import { measure, measureAfterCollection } from './measure.js';
import { atMost, IS_QUICK, printGoals, printTable } from './report.js';

const TOKENS = IS_QUICK ? 100 : 1_000;
const OPERATIONS = IS_QUICK ? 1_000 : 10_000;

const tokens = Array.from({ length: TOKENS }, (_, index) =>
  Buffer.from(`${index}.`.padEnd(700, 'eyJhbGciOiJSUzI1NiJ9')).toString('latin1'),
);

async function notRemembered() {
  throw new Error('not remembered');
}

/** Takes bearer tokens, and remembers them the way the handlers of this project do. */
class RememberingHandler {
  name = 'remembering';
  challenges = [bearerChallenge('bench')];
  #cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 });

  async learn(token, index) {
    const init = { issuer: 'https://as', subject: `user-${index}`, scopes: ['read', 'write'], expiresAt: 4e9 };
    const principal = createPrincipal({ ...init, via: [{ handler: this.name, scheme: 'bearer' }] });
    await this.#cache.resolve(token, requestOf(token), async () => authenticated(principal));
  }

  extract({ authorization }) {
    return authorization.kind === 'credentials' && authorization.scheme === 'bearer' ? authorization.value : undefined;
  }

  verify(token, request) {
    return this.#cache.resolve(token, request, notRemembered);
  }
}

/** Looks for another scheme and finds none. */
class UnconcernedHandler {
  constructor(index) {
    this.name = `unconcerned-${index}`;
    this.scheme = `scheme-${index}`;
    this.challenges = [challenge(this.scheme)];
  }

  extract({ authorization }) {
    return authorization.kind === 'credentials' && authorization.scheme === this.scheme ? authorization : undefined;
  }

  verify() {
    throw new Error('not concerned');
  }
}

/** The cheapest thing that could ask handlers: no tree, no firewall, no owner, no deadline, no decision. */
function askAll(handlers, request) {
  for (const handler of handlers) {
    const credential = handler.extract(request);
    if (credential !== undefined) return handler.verify(credential, request);
  }
  return undefined;
}

/** What an adapter makes of a request: lines of a browser, and a header string that was never hashed before. */
function requestOf(token, target = '/pets/7?view=all', chosen = undefined) {
  return new SecurityRequest({
    method: 'GET',
    target,
    route: chosen,
    rawHeaders: ['Host', 'api.example', 'User-Agent', 'bench', 'Accept', '*/*', 'Authorization', token],
  });
}

function fresh(index) {
  return Buffer.from(`Bearer ${tokens[index % TOKENS]}`, 'latin1').latin1Slice();
}

/** Never reached; in memory. */
const LIMIT = rateLimit({ name: 'bench', limit: 1_000_000_000, windowSeconds: 60 });

const remembering = new RememberingHandler();
for (const [index, token] of tokens.entries()) await remembering.learn(token, index);

async function cachedDecisions() {
  const rows = [1, 3, 10].flatMap((count) => {
    const others = Array.from({ length: count - 1 }, (_, index) => new UnconcernedHandler(index));
    const handlers = [...others, remembering];
    const chain = new SecurityChain({ requirement: count === 1 ? remembering : anyOf(...handlers) });
    const guarded = new SecurityChain({ requirement: anyOf(...handlers), guards: [requireScopes('read')] });
    const limited = new SecurityChain({ requirement: anyOf(...handlers), guards: [LIMIT] });
    const counting = new SecurityChain({ requirement: anyOf(...handlers), statistics: {} });
    for (const one of [chain, guarded]) {
      const decision = one.decide(requestOf(fresh(0)));
      if (decision instanceof Promise || decision.kind !== 'granted') throw new Error('not granted at once');
    }
    const make = (index) => requestOf(fresh(index));
    return [
      [`loop over ${count}`, make, (request) => askAll(handlers, request)],
      [`chain of ${count}`, make, (request) => chain.decide(request)],
      [`chain of ${count}, with a guard`, make, (request) => guarded.decide(request)],
      [`chain of ${count}, with a limit`, make, (request) => limited.decide(request)],
      [`chain of ${count}, with statistics`, make, (request) => counting.decide(request)],
    ];
  });
  const figures = measure(rows);
  const timesLoop = (row) => figures.get(row).ns / figures.get(`loop over ${/\d+/.exec(row)[0]}`).ns;
  printTable(
    [...figures].map(([row, { ns, bytes }]) => ({
      row,
      'ns per decision': Math.round(ns),
      'times the loop': timesLoop(row).toFixed(2),
      'bytes allocated': Math.round(bytes),
    })),
  );
  const chain = new SecurityChain({ requirement: remembering });
  const later = measureAfterCollection(
    (index) => requestOf(fresh(index)),
    (request) => chain.decide(request),
  );
  printTable([{ 'chain of 1, the first 1,024 decisions after a full collection': `${Math.round(later)} ns` }]);
  const { ns, bytes } = figures.get('chain of 1, with a guard');
  return [
    atMost(3, 'remembered decide(), with a guard', ns / 1_000, 1.5, 'us'),
    atMost(3, 'the same, allocated', Math.round(bytes), 300, 'bytes'),
    ...[1, 3, 10].map((count) => atMost(4, `chain of ${count} against the loop`, timesLoop(`chain of ${count}`), 3)),
  ];
}

function operationLookups() {
  const table = routes(
    Array.from({ length: OPERATIONS }, (_, index) =>
      route('GET', `/r${index}/{id}/items/{item}`, { id: `op${index}` }),
    ),
  );
  const chain = new SecurityChain({ requirement: remembering });
  const contract = new SecurityChain({ requirement: remembering, operations: table });
  const target = '/r777/42/items/7';
  const chosen = { method: 'GET', template: '/r777/{id}/items/{item}' };
  const figures = measure([
    ['no operations', (index) => requestOf(fresh(index), target), (request) => chain.decide(request)],
    [
      'told by the framework',
      (index) => requestOf(fresh(index), target, chosen),
      (request) => contract.decide(request),
    ],
    ['looked up by the chain', (index) => requestOf(fresh(index), target), (request) => contract.decide(request)],
  ]);
  const addedBy = (row) => Math.round(figures.get(row).ns - figures.get('no operations').ns);
  printTable(
    [...figures].map(([row, { ns }]) => ({
      [`${OPERATIONS} operations`]: row,
      'ns per decision': Math.round(ns),
      'ns added': addedBy(row),
    })),
  );
  return [
    atMost(9, 'contract lookup, matched by the framework', addedBy('told by the framework'), 25, 'ns'),
    atMost(9, `contract lookup among ${OPERATIONS} operations`, addedBy('looked up by the chain'), 1_000, 'ns'),
  ];
}

printGoals([...(await cachedDecisions()), ...operationLookups()]);
