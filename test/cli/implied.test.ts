import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Way, WayScopes } from '../../packages/cli/src/contract/needs.js';
import { areImplied } from '../../packages/cli/src/diff/implied.js';
import { cases } from '../support/random-cases.js';

const PROOFS = ['a', 'b'];
const SCOPES = ['read', 'write'];

const rules = (proofs: readonly string[]): fc.Arbitrary<WayScopes> =>
  fc.record({
    scopes: fc.subarray(SCOPES, { minLength: 1 }),
    match: fc.constantFrom('all' as const, 'any' as const),
    by: fc.subarray([...proofs], { minLength: 1 }),
  });
const ways: fc.Arbitrary<Way> = fc.subarray(PROOFS).chain((proofs) =>
  fc.record({
    proofs: fc.constant(proofs),
    scopes: proofs.length === 0 ? fc.constant([]) : fc.array(rules(proofs), { maxLength: 2 }),
    sameParty: fc.boolean(),
  }),
);

type Sent = ReadonlyMap<string, readonly string[]>;

const SUBSETS = [[], ['read'], ['write'], ['read', 'write']];
/** Every choice of proofs, with every choice of scopes. */
const EVERYTHING: readonly Sent[] = [undefined, ...SUBSETS].flatMap((a) =>
  [undefined, ...SUBSETS].map(
    (b) =>
      new Map([['a', a] as const, ['b', b] as const].flatMap(([name, scopes]) => (scopes ? [[name, scopes]] : []))),
  ),
);

function isSatisfied({ proofs, scopes, sameParty }: Way, sent: Sent, isOneParty: boolean): boolean {
  const meets = ({ scopes: needed, match, by }: WayScopes) => {
    const granted = by.flatMap((name) => sent.get(name) ?? []);
    return match === 'all'
      ? needed.every((each) => granted.includes(each))
      : needed.some((each) => granted.includes(each));
  };
  return proofs.every((proof) => sent.has(proof)) && scopes.every(meets) && (!sameParty || isOneParty);
}

const some = (list: readonly Way[], sent: Sent, isOneParty: boolean) =>
  list.some((way) => isSatisfied(way, sent, isOneParty));

test('where one list of ways is said to imply another, nobody satisfies the one and not the other', () => {
  const lists = fc.array(ways, { minLength: 1, maxLength: 3 });
  let implied = 0;
  const law = fc.property(lists, lists, (one, other) => {
    if (!areImplied(one, other)) return;
    implied += 1;
    for (const sent of EVERYTHING)
      for (const isOneParty of [true, false])
        expect(some(one, sent, isOneParty) && !some(other, sent, isOneParty)).toBe(false);
  });
  fc.assert(law, cases(2_000));
  expect(implied).toBeGreaterThan(100);
});

test('every list implies itself, and more proofs and scopes imply fewer', () => {
  fc.assert(
    fc.property(fc.array(ways, { maxLength: 3 }), (list) => {
      expect(areImplied(list, list)).toBe(true);
      expect(areImplied(list, [{ proofs: [], scopes: [], sameParty: false }])).toBe(true);
    }),
    cases(200),
  );
  const way = (scopes: readonly string[], match: 'all' | 'any'): Way => {
    return { proofs: ['a'], scopes: [{ scopes, match, by: ['a'] }], sameParty: false };
  };
  const plain: Way = { proofs: ['a'], scopes: [], sameParty: false };
  expect(areImplied([way(['read', 'write'], 'all')], [way(['read'], 'all')])).toBe(true);
  expect(areImplied([way(['read'], 'all')], [way(['read', 'write'], 'all')])).toBe(false);
  expect(areImplied([way(['read'], 'all')], [way(['read', 'write'], 'any')])).toBe(true);
  expect(areImplied([way(['read', 'write'], 'any')], [way(['read'], 'all')])).toBe(false);
  expect(areImplied([plain], [way(['read'], 'all')])).toBe(false);
  expect(areImplied([plain], [{ ...plain, sameParty: true }])).toBe(false);
});
