// What a decision costs beside the same handlers asked by a plain loop: cached, and with handlers that are not concerned
// (goals 3, 4, 9).
// Run after a build: npm run bench -- chain [--quick]
import { anyOf, rateLimit, requireScopes, route, routes, SecurityChain } from '@sallyport/core';
import { fresh } from './authorities/issuer.js';
import { measure, measureAfterCollection } from './measure.js';
import { RememberingHandler, UnconcernedHandler } from './parts/handlers.js';
import { requestOf, tokenOf } from './parts/requests.js';
import { atMost, IS_QUICK, median, printGoals, printTable } from './report.js';

const TOKENS = IS_QUICK ? 100 : 1_000;
const OPERATIONS = IS_QUICK ? 1_000 : 10_000;

const tokens = Array.from({ length: TOKENS }, (_, index) => tokenOf(index));

/** The cheapest thing that could ask handlers: no tree, no firewall, no owner, no deadline, no decision. */
function askAll(handlers, request) {
  for (const handler of handlers) {
    const credential = handler.extract(request);
    if (credential !== undefined) return handler.verify(credential, request);
  }
  return undefined;
}

const lineOf = (index) => fresh(`Bearer ${tokens[index % TOKENS]}`);

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
      const decision = one.decide(requestOf(lineOf(0)));
      if (decision instanceof Promise || decision.kind !== 'granted') throw new Error('not granted at once');
    }
    const make = (index) => requestOf(lineOf(index));
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
    (index) => requestOf(lineOf(index)),
    (request) => chain.decide(request),
  );
  printTable([{ 'chain of 1, the first 1,024 decisions after a full collection': `${Math.round(later)} ns` }]);
  const { ns, bytes } = figures.get('chain of 1, with a guard');
  return [
    atMost(3, 'remembered decide(), with a guard', ns / 1_000, 1.5, 'us'),
    atMost(3, 'the same, allocated', Math.round(bytes), 600, 'bytes'),
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
    ['no operations', (index) => requestOf(lineOf(index), target), (request) => chain.decide(request)],
    [
      'told by the framework',
      (index) => requestOf(lineOf(index), target, chosen),
      (request) => contract.decide(request),
    ],
    ['looked up by the chain', (index) => requestOf(lineOf(index), target), (request) => contract.decide(request)],
  ]);
  // Round by round, because rounds differ by more than a lookup takes.
  const bare = figures.get('no operations').nsOfRounds;
  const addedBy = (row) => Math.round(median(figures.get(row).nsOfRounds.map((ns, round) => ns - bare[round])));
  printTable(
    [...figures].map(([row, { ns }]) => ({
      [`${OPERATIONS} operations`]: row,
      'ns per decision': Math.round(ns),
      'ns added': addedBy(row),
    })),
  );
  return [
    atMost(9, 'contract lookup, matched by the framework', addedBy('told by the framework'), 5, 'ns'),
    atMost(9, `contract lookup among ${OPERATIONS} operations`, addedBy('looked up by the chain'), 1_000, 'ns'),
  ];
}

printGoals([...(await cachedDecisions()), ...operationLookups()]);
