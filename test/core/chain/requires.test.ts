import { expect, test } from '@jest/globals';
import { anonymous, anyOf, guard, headerHandler, route, routes, SecurityChain } from '@sallyport/core';

const key = headerHandler({ name: 'key', header: 'X-Key', verify: () => ({ subject: 'alice' }) });

test('a chain tells what it requires of its operations and of all other requests, and not what routes add', () => {
  const list = route('GET', '/orders', { requirement: anonymous() });
  const requirement = anyOf(key);
  const guards = [guard('own', () => true)];
  const chain = new SecurityChain({ requirement, guards, operations: routes([list]) });
  const { requires } = chain;
  chain.requiring(key);
  expect([requires.requirement, requires.guards, requires.operations]).toEqual([requirement, guards, [list]]);
  expect(Object.isFrozen(requires)).toBe(true);
  expect(new SecurityChain({ operations: routes([list]) }).requires).toMatchObject({
    requirement: undefined,
    guards: [],
  });
  expect(new SecurityChain({ requirement }).requires.operations).toEqual([]);
});
