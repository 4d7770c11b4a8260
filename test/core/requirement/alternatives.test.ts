import { describe, expect, test } from '@jest/globals';
import {
  allOf,
  anonymous,
  anyOf,
  attempt,
  createPrincipal,
  headerHandler,
  optional,
  type Requirement,
  SecurityChain,
} from '@sallyport/core';
import { type Alternative, alternativesOf, type CarriedScopes, RequiredScopes, scoped } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';

const NAMES = ['k0', 'k1', 'k2', 'k3'] as const;
const SCOPES = ['read', 'write'] as const;

/** The header of a handler holds the scopes of its proof. */
const HANDLERS = NAMES.map((name) =>
  headerHandler({
    name,
    header: name,
    verify: (value) => createPrincipal({ subject: 'alice', scopes: value.split(' ').slice(1) }),
  }),
);

const needing = (member: Requirement, scopes: readonly string[], match: 'all' | 'any') =>
  scoped(member, new RequiredScopes(scopes, { match, strategy: 'exact', of: undefined }));

function requirements(isLenient: boolean, depth = 2): fc.Arbitrary<Requirement> {
  const leaf = fc.constantFrom<Requirement>(...HANDLERS);
  if (depth === 0) return leaf;
  const below = requirements(isLenient, depth - 1);
  const members = fc.array(below, { minLength: 1, maxLength: 3 });
  const rule = fc.tuple(
    below,
    fc.subarray([...SCOPES], { minLength: 1 }),
    fc.constantFrom('all' as const, 'any' as const),
  );
  const strict = [
    leaf,
    members.map((each) => anyOf(...each)),
    members.map((each) => allOf(...each)),
    rule.map(([member, scopes, match]) => needing(member, scopes, match)),
  ];
  if (!isLenient) return fc.oneof(...strict);
  return fc.oneof(...strict, below.map(optional), below.map(attempt), fc.constant(anonymous()));
}

type Sent = ReadonlyMap<string, readonly string[]>;

async function isGranted(requirement: Requirement, sent: Sent): Promise<boolean> {
  const headers = Object.fromEntries([...sent].map(([name, scopes]) => [name, ['it', ...scopes].join(' ')]));
  return (await ask(new SecurityChain({ requirement }), 'GET /', { headers })).status === 200;
}

function isSatisfied({ handlers, scopes }: Alternative, sent: Sent): boolean {
  const meets = ({ scopes: needed, match, by }: CarriedScopes) => {
    const granted = by.flatMap(({ name }) => sent.get(name) ?? []);
    const isCarried = (scope: string) => granted.includes(scope);
    return match === 'all' ? needed.every(isCarried) : needed.some(isCarried);
  };
  return handlers.every(({ name }) => sent.has(name)) && scopes.every(meets);
}

describe('alternativesOf', () => {
  test('whoever is let in satisfies one of the alternatives', async () => {
    const sending = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.subarray([...SCOPES])), {
      selector: ([name]) => name,
    });
    const law = fc.asyncProperty(requirements(true), sending, async (requirement, sent) => {
      if (!(await isGranted(requirement, new Map(sent)))) return;
      expect(alternativesOf(requirement).some((each) => isSatisfied(each, new Map(sent)))).toBe(true);
    });
    await fc.assert(law, cases(500));
  });

  test('whoever satisfies one of the alternatives, and sends no more, is let in, where nothing is optional', async () => {
    const law = fc.asyncProperty(requirements(false), fc.nat(), async (requirement, pick) => {
      const alternatives = alternativesOf(requirement);
      const { handlers, scopes } = alternatives[pick % alternatives.length] as Alternative;
      const sent = new Map<string, readonly string[]>(handlers.map(({ name }) => [name, []]));
      for (const { scopes: needed, match, by } of scopes) {
        const carrier = by[pick % by.length]?.name ?? '';
        sent.set(carrier, [...(sent.get(carrier) ?? []), ...(match === 'all' ? needed : needed.slice(-1))]);
      }
      expect(await isGranted(requirement, sent)).toBe(true);
    });
    await fc.assert(law, cases(500));
  });

  test('callers without a proof satisfy what is optional, an attempt or anonymous, and have no scopes', () => {
    const [key] = HANDLERS as [Requirement];
    for (const requirement of [optional(key), attempt(key), anyOf(key, anonymous())])
      expect(alternativesOf(requirement).map(({ handlers }) => handlers.length)).toEqual([1, 0]);
    expect(alternativesOf(needing(optional(key), ['read'], 'all')).map(({ handlers }) => handlers.length)).toEqual([1]);
    expect(alternativesOf(needing(anonymous(), ['read'], 'all'))).toEqual([]);
  });

  test('say where proofs have to be of one party', () => {
    const [one, other, third] = HANDLERS as [Requirement, Requirement, Requirement];
    expect(alternativesOf(allOf([one, other], { sameParty: true }))).toMatchObject([{ sameParty: true }]);
    expect(alternativesOf(allOf(third, allOf([one, other], { sameParty: true })))).toMatchObject([{ sameParty: true }]);
    expect(alternativesOf(allOf(one, other))).toMatchObject([{ sameParty: false }]);
  });
});
