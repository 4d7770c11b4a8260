import { describe, expect, test } from '@jest/globals';
import { anonymous, type Decision, every, type GuardLike, guard, route, routes, SecurityChain } from '@sallyport/core';
import { ABSTAINED } from '@sallyport/core/extend';
import { buildRequest } from '@sallyport/core/testing';

const permits = guard('permits', () => true);
const abstains = guard('abstains', () => ABSTAINED);
const later = guard('permits later', async () => true);
const refuses = guard('refuses', () => false);

const outcomeOf = (decision: Decision) => (decision.kind === 'granted' ? 'granted' : decision.reason);

/** A router could run either: the request has to satisfy both. */
async function answerTo(ofOne: readonly GuardLike[], ofOther: readonly GuardLike[], options: object = {}) {
  const operations = routes([route('GET', '/a/{y}', { guards: ofOne }), route('GET', '/{x}/b', { guards: ofOther })]);
  const chain = new SecurityChain({ requirement: anonymous(), operations, ...options });
  return outcomeOf(await chain.decide(buildRequest('/a/b')));
}

describe('where a request has to satisfy several operations, each has to be permitted (CWE-863)', () => {
  test.each([
    ['the first', [permits], [abstains]],
    ['the second', [abstains], [permits]],
    ['the first, later', [later], [abstains]],
    ['the second, later', [abstains], [later]],
    ['several of one', [permits, later], [abstains, abstains]],
  ])('what a guard permits for one of them is no vote for another: %s', async (_which, one, other) => {
    expect(await answerTo(one, other)).toBe('all_guards_abstained');
  });

  test('one that abstains beside another guard of its operation does not count', async () => {
    expect(await answerTo([permits], [abstains, later])).toBe('granted');
    expect(await answerTo([every(abstains, permits)], [permits])).toBe('granted');
  });

  test('an operation without guards needs none that permits', async () => {
    expect(await answerTo([permits], [])).toBe('granted');
    expect(await answerTo([], [abstains])).toBe('all_guards_abstained');
  });

  test('guards of the chain are asked for each of them', async () => {
    expect(await answerTo([permits], [], { guards: [abstains] })).toBe('all_guards_abstained');
    expect(await answerTo([permits], [abstains], { guards: [permits] })).toBe('granted');
  });

  test('a refusal of any of them refuses', async () => {
    expect(await answerTo([permits], [refuses])).toBe('policy_refused');
    expect(await answerTo([refuses], [abstains])).toBe('policy_refused');
  });

  test('operations for HEAD and GET', async () => {
    const answer = async (ofHead: GuardLike, ofGet: GuardLike) => {
      const operations = routes([route('HEAD', '/a', { guards: [ofHead] }), route('GET', '/a', { guards: [ofGet] })]);
      return outcomeOf(
        await new SecurityChain({ requirement: anonymous(), operations }).decide(buildRequest('HEAD /a')),
      );
    };
    expect(await answer(permits, abstains)).toBe('all_guards_abstained');
    expect(await answer(abstains, permits)).toBe('all_guards_abstained');
    expect(await answer(permits, later)).toBe('granted');
  });

  test('nor is what a guard of a route permits for one of them', async () => {
    const operations = routes([route('GET', '/a/{y}'), route('GET', '/{x}/b')]);
    const chain = new SecurityChain({ requirement: anonymous(), operations });
    const ofX = guard('of x', (_principal, { pathParameters }) => ('x' in pathParameters ? true : ABSTAINED));
    const granted = await chain.decide(buildRequest('/a/b'));
    if (granted.kind !== 'granted') throw new Error(granted.reason);
    expect(outcomeOf(await chain.authorize(granted, ofX, buildRequest('/a/b')))).toBe('all_guards_abstained');
    expect(outcomeOf(await chain.authorize(granted, permits, buildRequest('/a/b')))).toBe('granted');
  });
});
