// What finding the operation adds to a decision, among ten thousand of a chain that lets everybody in.
import { chainOf, requestsOf } from './bearers.js';
import { callsOf, mustBeGranted } from './tasks.js';

const GROUP = 'the operation found, added to a decision';
/** Operations that are asked for in turn. */
const TARGETS = 50;

async function lookup(load, { isQuick }, isTold) {
  const { anonymous, route, routes } = await load('@sallyport/core');
  const count = isQuick ? 1_000 : 10_000;
  const templateOf = (index) => `/r${index}/{id}/items/{item}`;
  const operations = Array.from({ length: count }, (_, index) => route('GET', templateOf(index), { id: `op${index}` }));
  const chain = await chainOf(load, anonymous());
  const contract = await chainOf(load, anonymous(), { operations: routes(operations) });
  const chosen = Array.from({ length: count }, (_, index) => ({ method: 'GET', template: templateOf(index) }));
  const makers = [];
  for (let index = 0; index < TARGETS; index += 1) {
    const operation = (index * 7_919) % count;
    const make = await requestsOf(load, 'X-Request', `/r${operation}/42/items/7`);
    makers.push(() => make('one', undefined, isTold ? chosen[operation] : undefined));
  }
  const make = (index) => makers[index % TARGETS]();
  for (const each of [chain, contract]) mustBeGranted(each.decide(make(0)));
  return {
    ...callsOf(make, (request) => contract.decide(request)),
    less: callsOf(make, (request) => chain.decide(request)),
  };
}

export const ROUTES = [
  { group: GROUP, name: 'matched by the framework', make: (load, settings) => lookup(load, settings, true) },
  { group: GROUP, name: 'by path among 10,000', make: (load, settings) => lookup(load, settings, false) },
];
