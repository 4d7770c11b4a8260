import { describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { openApi } from '@sallyport/openapi';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import { judgementOf, requestOf, Stage } from '../requirement/enactment.js';
import { forEachHandler, mapHandlers, ruling, rulings, trees, worlds } from '../requirement/random-worlds.js';
import { leavesOf } from '../requirement/requirement-oracle.js';
import { HANDLER_NAMES, type HandlerName, type Ruling, type Tree, type World } from '../requirement/world.js';
import { definition, operation, type Security } from './contract-fixture.js';
import { addressedTo, provedAlone, type Schemes, speaksTo } from './security-oracle.js';

/** `jwt` would take tokens away from `opaque` where both stand in one contract; whose they are is asked elsewhere. */
const NAMES = HANDLER_NAMES.filter((name) => name !== 'jwt');
const OPERATIONS = 10;
const REQUESTS = 5;
const ONE_SUBJECT = mapHandlers(() => 'alice');
const SCHEME_NAMES = ['one', 'two', 'three', 'four'] as const;

/** 5 000 requests by day. */
const CONTRACTS = (() => {
  const { numRuns, ...rest } = cases(5_000);
  return { ...rest, numRuns: numRuns / OPERATIONS / REQUESTS };
})();

const scopes = fc.subarray(['read', 'write'], { minLength: 0 });
const alternative = fc
  .subarray([...SCHEME_NAMES], { minLength: 1, maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, scopes]))));
const security: fc.Arbitrary<Security> = fc.array(
  fc.oneof({ weight: 9, arbitrary: alternative }, { weight: 1, arbitrary: fc.constant({}) }),
  { minLength: 1, maxLength: 4 },
);
const schemes: fc.Arbitrary<Schemes> = fc.record({
  one: trees({ lenient: false, names: NAMES }, 0),
  two: trees({ lenient: true, names: NAMES }, 1),
  three: trees({ lenient: true, names: NAMES }, 2),
  four: trees({ lenient: true, names: NAMES }, 2),
});

function requests(rulingOf: (name: HandlerName) => fc.Arbitrary<Ruling>): fc.Arbitrary<World> {
  const authorization = fc.constantFrom(undefined, 'Bearer other' as const, 'Basic it' as const);
  return fc
    .tuple(
      worlds(rulingOf).map((world): World => ({ ...world, strange: [] })),
      authorization,
      forEachHandler(() => scopes),
    )
    .map(([world, sent, granted]) => ({ ...world, subjects: ONE_SUBJECT, authorization: sent, scopes: granted }));
}

interface Case {
  readonly security: Security;
  readonly worlds: readonly World[];
}

function operationsWith(rulingOf: (name: HandlerName) => fc.Arbitrary<Ruling>): fc.Arbitrary<readonly Case[]> {
  const asked = fc.array(requests(rulingOf), { minLength: REQUESTS, maxLength: REQUESTS });
  const size = { minLength: OPERATIONS, maxLength: OPERATIONS };
  return fc.array(fc.record({ security, worlds: asked }), size);
}

/** A request to an operation, what the contract grants, and whom each alternative proves when it stands alone. */
interface Heard {
  readonly granted: readonly HandlerName[] | undefined;
  readonly alone: readonly (readonly HandlerName[])[];
  /** The request carries a credential that the operation looks for. */
  readonly isAddressed: boolean;
}

const NOWHERE: World = {
  authorization: undefined,
  sent: [],
  strange: [],
  rulings: mapHandlers((name) => ruling(name, 'authenticated')),
  subjects: ONE_SUBJECT,
  latencies: mapHandlers(() => 'at once'),
};
const securitySchemes = Object.fromEntries(
  SCHEME_NAMES.map((name) => [name, { type: 'apiKey', in: 'header', name: `X-${name}` }]),
);

/** Asks one contract for every request of every operation. */
async function hear(schemes: Schemes, operations: readonly Case[]): Promise<readonly Heard[]> {
  const stage = new Stage(NOWHERE);
  const paths = operations.map(({ security }, index) => [`/${index}`, { get: operation({ security }) }] as const);
  const proofs = Object.entries(schemes).map(([name, tree]) => [name, stage.requirementOf(tree)] as const);
  const document = definition(Object.fromEntries(paths), { components: { securitySchemes } });
  const chain = new SecurityChain({ operations: await openApi(document, { schemes: Object.fromEntries(proofs) }) });
  const heard: Heard[] = [];
  for (const [index, { security, worlds }] of operations.entries()) {
    const wanted = security.flatMap((each) => Object.keys(each)).flatMap((name) => leavesOf(schemes[name] as Tree));
    for (const any of worlds) {
      const world = addressedTo(wanted, any);
      stage.world = world;
      const judgement = judgementOf(await chain.decide(requestOf(world, `/${index}`)));
      heard.push({
        granted: 'granted' in judgement ? judgement.granted : undefined,
        alone: security.flatMap((each) => {
          const proved = provedAlone(each, schemes, world);
          return proved === undefined ? [] : [inOrder(proved)];
        }),
        isAddressed: speaksTo(wanted, world),
      });
    }
  }
  return heard;
}

function inOrder(names: readonly HandlerName[]): readonly HandlerName[] {
  return HANDLER_NAMES.filter((name) => names.includes(name));
}

describe('a contract grants what one of its alternatives grants, taken alone [OpenAPI 3.0.4 4.8.30]', () => {
  test('nobody gets in but by one alternative, with the scopes of each scheme in the proof of that scheme', async () => {
    const law = fc.asyncProperty(schemes, operationsWith(rulings), async (proofs, operations) => {
      for (const { granted, alone } of await hear(proofs, operations)) {
        if (granted !== undefined) expect(alone).toContainEqual(granted);
      }
    });
    await fc.assert(law, CONTRACTS);
  }, 600_000);

  test('and who sends good credentials only gets in where one alternative alone would let them in', async () => {
    const good = (name: HandlerName) => fc.constant(ruling(name, 'authenticated'));
    const law = fc.asyncProperty(schemes, operationsWith(good), async (proofs, operations) => {
      for (const { granted, alone, isAddressed } of await hear(proofs, operations)) {
        // Who sends a credential is weighed by it, and not let in as nobody by another alternative.
        const hasWay = alone.some((proved) => proved.length > 0 || !isAddressed);
        if (hasWay) expect(alone).toContainEqual(granted);
      }
    });
    await fc.assert(law, CONTRACTS);
  }, 600_000);
});
