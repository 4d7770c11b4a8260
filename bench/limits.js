// What limits cost: a decision with a limit beside the same decision with a guard alone, for one caller and for many.
// Run after a build: npm run bench -- limits [--quick]
import {
  authenticated,
  createPrincipal,
  headerHandler,
  MemoryCounterStore,
  rateLimit,
  requireScopes,
  SecurityChain,
} from '@sallyport/core';
import { SecurityRequest } from '@sallyport/core/extend';
import { measure } from './measure.js';
import { IS_QUICK, printTable } from './report.js';

const CALLERS = IS_QUICK ? 100 : 10_000;
const NEVER_REACHED = 1_000_000_000;
const GUARDED = 'a guard';

const principals = Array.from({ length: CALLERS }, (_, index) =>
  authenticated(createPrincipal({ subject: `user-${index}`, scopes: ['read'] })),
);
const handler = headerHandler({ name: 'caller', header: 'X-Caller', verify: (index) => principals[Number(index)] });

function requestOf(index, callers) {
  return new SecurityRequest({
    method: 'GET',
    target: '/pets/7',
    remoteAddress: '192.0.2.7',
    rawHeaders: ['Host', 'api.example', 'X-Caller', String(index % callers)],
  });
}

const limitOf = (name, options = {}, collaborators = {}) =>
  rateLimit({ name, limit: NEVER_REACHED, windowSeconds: 60, ...options }, collaborators);

/** Of each row: the limits behind the guard, and those in front of authentication. */
const ROWS = [
  [GUARDED, [], []],
  ['and a limit by principal', [limitOf('principal')], []],
  ['and the same without response fields', [limitOf('silent', { responseFields: false })], []],
  ['and a limit with a sliding window', [limitOf('sliding', { window: 'sliding' })], []],
  ['and a limit in a MemoryCounterStore', [limitOf('store', {}, { counterStore: new MemoryCounterStore() })], []],
  ['and a limit by network, before authentication', [], [limitOf('network', { by: 'network' })]],
  ['and two limits by principal', [limitOf('minute'), limitOf('day', { windowSeconds: 86_400 })], []],
];

function figuresFor(callers) {
  const rows = ROWS.map(([name, behind, limits]) => {
    const chain = new SecurityChain({ requirement: handler, limits, guards: [requireScopes('read'), ...behind] });
    const decision = chain.decide(requestOf(0, callers));
    if (decision instanceof Promise || decision.kind !== 'granted') throw new Error(`not granted at once: ${name}`);
    return [name, (index) => requestOf(index, callers), (request) => chain.decide(request)];
  });
  const used = limitOf('used', { limit: 1 });
  const spent = new SecurityChain({ requirement: handler, guards: [requireScopes('read'), used] });
  for (let index = 0; index < callers; index += 1) spent.decide(requestOf(index, callers));
  if (spent.decide(requestOf(0, callers)).status !== 429) throw new Error('the limit was not used up');
  rows.push([
    'and a limit that is used up: 429',
    (index) => requestOf(index, callers),
    (request) => spent.decide(request),
  ]);
  return measure(rows);
}

for (const callers of [1, CALLERS]) {
  const figures = figuresFor(callers);
  const guarded = figures.get(GUARDED);
  printTable(
    [...figures].map(([name, { ns, bytes }]) => ({
      [`a decision, ${callers === 1 ? 'one caller' : `${callers} callers in turn`}`]: name,
      ns: Math.round(ns),
      'against the guard alone': (ns / guarded.ns).toFixed(2),
      'bytes added': Math.round(bytes - guarded.bytes),
    })),
  );
}
