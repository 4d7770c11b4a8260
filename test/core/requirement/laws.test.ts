import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { enact, enacted, judgementOf } from './enactment.js';
import { CASES, inOneTick, mapHandlers, refusals, ruling, rulings, trees, worlds } from './random-worlds.js';
import { leavesOf } from './requirement-oracle.js';
import { HANDLER_NAMES, type HandlerName, isExplicit, type Tree, type World } from './world.js';

const LAW = CASES;
const PATIENCE_MS = 600_000;

/** Handlers for trees that leave the certificate to a law, to be added where the law wants it. */
const OTHERS = HANDLER_NAMES.filter((name) => name !== 'certificate');
const CERTIFICATE: Tree = { is: 'handler', name: 'certificate' };

const ONE_SUBJECT = mapHandlers(() => 'alice');

function isPresent(world: World, name: HandlerName): boolean {
  return world.sent.includes(name);
}

function withCertificate(world: World, isSent: boolean): World {
  const others = world.sent.filter((name) => name !== 'certificate');
  return { ...world, sent: isSent ? [...others, 'certificate'] : others };
}

function swapped<Item>(items: readonly Item[], index: number): readonly Item[] {
  const [first, second] = [items[index], items[index + 1]];
  if (first === undefined || second === undefined) return items;
  return [...items.slice(0, index), second, first, ...items.slice(index + 2)];
}

describe('laws of requirements', () => {
  test(
    'when every handler refuses, nobody is granted as anybody',
    async () => {
      const law = fc.asyncProperty(trees({ lenient: true }), worlds(refusals), async (tree, world) => {
        const { judgement } = await enacted(tree, world);
        expect('granted' in judgement ? judgement.granted : []).toEqual([]);
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'when every handler refuses and nothing is written to be optional, nothing is granted',
    async () => {
      const law = fc.asyncProperty(trees({ lenient: false }), worlds(refusals), async (tree, world) => {
        expect((await enacted(tree, world)).judgement).toHaveProperty('refused');
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'a refusing member never opens an allOf, wherever it stands and whatever stands beside it',
    async () => {
      const members = fc.array(trees({ lenient: true, names: OTHERS }, 3), { minLength: 1, maxLength: 3 });
      const law = fc.asyncProperty(
        members,
        fc.nat({ max: 3 }),
        fc.boolean(),
        worlds((name) => (name === 'certificate' ? refusals(name) : rulings(name))),
        async (others, position, sameParty, world) => {
          const of = others.toSpliced(position, 0, CERTIFICATE);
          const { judgement } = await enacted({ is: 'allOf', of, sameParty }, withCertificate(world, true));
          expect(judgement).toHaveProperty('refused');
        },
      );
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'nobody is asked while a needed credential is missing',
    async () => {
      const members = fc.array(trees({ lenient: true, names: OTHERS }, 3), { minLength: 1, maxLength: 3 });
      const law = fc.asyncProperty(members, fc.nat({ max: 3 }), worlds(), async (others, position, world) => {
        const of = others.toSpliced(position, 0, CERTIFICATE);
        const { judgement, asked } = await enacted(
          { is: 'allOf', of, sameParty: false },
          withCertificate(world, false),
        );
        expect(judgement).toHaveProperty('refused');
        expect(asked).toEqual([]);
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'nobody is asked twice, and nobody whose credential was not sent',
    async () => {
      const law = fc.asyncProperty(trees({ lenient: true }), worlds(), async (tree, world) => {
        const { asked } = await enacted(tree, world);
        expect(new Set(asked).size).toBe(asked.length);
        const authorized = asked.filter((name) => ['jwt', 'opaque', 'basic'].includes(name));
        expect(authorized.length).toBeLessThanOrEqual(world.authorization === undefined ? 0 : 1);
        expect(asked.filter((name) => !authorized.includes(name)).filter((name) => !isPresent(world, name))).toEqual(
          [],
        );
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'the order of alternatives does not matter when the request speaks to one of them at most',
    async () => {
      const alone = fc.constantFrom(...HANDLER_NAMES.filter((name) => !['jwt', 'opaque', 'basic'].includes(name)));
      const alternatives = fc.array(trees({ lenient: true }, 3), { minLength: 2, maxLength: 4 });
      const law = fc.asyncProperty(alternatives, fc.nat({ max: 2 }), alone, worlds(), async (of, index, name, any) => {
        const world: World = { ...any, authorization: undefined, sent: [name] };
        fc.pre(of.filter((tree) => leavesOf(tree).includes(name)).length <= 1);
        const before = await enacted({ is: 'anyOf', of }, world);
        expect(await enacted({ is: 'anyOf', of: swapped(of, index) }, world)).toEqual(before);
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'swapping alternatives never turns a refusal into a grant, unless a final refusal had ended the search',
    async () => {
      const mild = (name: HandlerName) =>
        fc
          .constantFrom('authenticated' as const, 'unavailable' as const, 'challenged' as const)
          .map((kind) => ruling(name, kind));
      const alternatives = fc.array(trees({ lenient: false }, 2), { minLength: 2, maxLength: 4 });
      const law = fc.asyncProperty(alternatives, fc.nat({ max: 2 }), worlds(mild), async (of, index, any) => {
        const world: World = { ...any, subjects: ONE_SUBJECT };
        const before = await enacted({ is: 'anyOf', of }, world);
        fc.pre('refused' in before.judgement);
        expect((await enacted({ is: 'anyOf', of: swapped(of, index) }, world)).judgement).toHaveProperty('refused');
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'explicit credentials are looked at before ambient ones, in whatever order they are declared',
    async () => {
      const handlers = fc.shuffledSubarray([...HANDLER_NAMES], { minLength: 2 });
      const law = fc.asyncProperty(handlers, worlds(), async (names, world) => {
        const of = names.map((name): Tree => ({ is: 'handler', name }));
        const { asked } = await enacted({ is: 'anyOf', of }, world);
        const ranks = asked.map((name) => Number(!isExplicit(name)));
        expect(ranks).toEqual(ranks.toSorted());
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );

  test(
    'the same decision comes at once when every handler answers at once, and later when they answer later',
    async () => {
      const law = fc.asyncProperty(trees({ lenient: true }), worlds(), async (tree, world) => {
        const { decision, asked } = enact(tree, inOneTick(world));
        if (decision instanceof Promise) throw new Error('a synchronous decision became a promise');
        expect(await enacted(tree, world)).toEqual({ judgement: judgementOf(decision), asked });
      });
      await fc.assert(law, LAW);
    },
    PATIENCE_MS,
  );
});
