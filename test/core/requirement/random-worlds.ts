import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
import {
  AUTHORIZATIONS,
  HANDLER_NAMES,
  type HandlerName,
  type Latency,
  OWN_CREDENTIAL,
  type Ruling,
  STRANGE,
  type Tree,
  type World,
} from './world.js';

export const CASES = cases(1_500, 100_000);

const REFUSALS = [
  'denied',
  'malformed',
  'unreadable',
  'forbidden',
  'challenged',
  'limited',
  'unavailable',
  'thrown',
  'garbage',
] as const;

const REASONS: Partial<Record<Ruling['kind'], string>> = {
  limited: 'rate_limited',
  thrown: 'handler_threw',
  garbage: 'handler_threw',
};

export function ruling(name: HandlerName, kind: Ruling['kind']): Ruling {
  return { kind, reason: REASONS[kind] ?? `${name}_${kind}` };
}

const handlerTree = (names: readonly HandlerName[]): fc.Arbitrary<Tree> =>
  fc.constantFrom(...names).map((name) => ({ is: 'handler', name }));

/** Requirements of up to four operators above each other. With `lenient`, some need nothing. */
export function trees(
  { lenient, names = HANDLER_NAMES }: { lenient: boolean; names?: readonly HandlerName[] },
  depth = 4,
): fc.Arbitrary<Tree> {
  const leaf = handlerTree(names);
  if (depth === 0) return leaf;
  const below = trees({ lenient, names }, depth - 1);
  const members = fc.array(below, { minLength: 1, maxLength: 3 });
  const strict: fc.WeightedArbitrary<Tree>[] = [
    { weight: 3, arbitrary: leaf },
    { weight: 4, arbitrary: members.map((of): Tree => ({ is: 'anyOf', of })) },
    {
      weight: 4,
      arbitrary: fc.tuple(members, fc.boolean()).map(([of, sameParty]): Tree => ({ is: 'allOf', of, sameParty })),
    },
  ];
  if (!lenient) return fc.oneof(...strict);
  return fc.oneof(
    ...strict,
    { weight: 2, arbitrary: below.map((of): Tree => ({ is: 'optional', of })) },
    { weight: 2, arbitrary: below.map((of): Tree => ({ is: 'attempt', of })) },
    { weight: 1, arbitrary: fc.constant<Tree>({ is: 'anonymous' }) },
  );
}

/** Anything but good. */
export function refusals(name: HandlerName): fc.Arbitrary<Ruling> {
  return fc.constantFrom(...REFUSALS).map((kind) => ruling(name, kind));
}

/** Good half of the time: otherwise hardly any tree would ever be looked at to its end. */
export function rulings(name: HandlerName): fc.Arbitrary<Ruling> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(ruling(name, 'authenticated')) },
    { weight: 5, arbitrary: refusals(name) },
  );
}

const latencies: fc.Arbitrary<Latency> = fc.oneof(
  fc.constant<Latency>('at once'),
  fc.constant<Latency>('settled'),
  fc.integer({ min: 1, max: 5 }),
);

export function forEachHandler<Value>(arbitraryOf: (name: HandlerName) => fc.Arbitrary<Value>) {
  const entries = HANDLER_NAMES.map((name) => [name, arbitraryOf(name)] as const);
  return fc.record(Object.fromEntries(entries) as Record<HandlerName, fc.Arbitrary<Value>>);
}

export function worlds(rulingOf: (name: HandlerName) => fc.Arbitrary<Ruling> = rulings): fc.Arbitrary<World> {
  return fc.record({
    authorization: fc.option(fc.constantFrom(...AUTHORIZATIONS), { nil: undefined, freq: 4 }),
    sent: fc
      .tuple(...OWN_CREDENTIAL.map((name) => fc.boolean().map((sent) => (sent ? [name] : []))))
      .map((l) => l.flat()),
    strange: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([...STRANGE]) }),
    rulings: forEachHandler(rulingOf),
    subjects: forEachHandler(() => fc.constantFrom('alice', 'alice', 'bob')),
    latencies: forEachHandler(() => latencies),
  });
}

export function inOneTick(world: World): World {
  return { ...world, latencies: mapHandlers(() => 'at once') };
}

export function mapHandlers<Value>(make: (name: HandlerName) => Value): Record<HandlerName, Value> {
  return Object.fromEntries(HANDLER_NAMES.map((name) => [name, make(name)])) as Record<HandlerName, Value>;
}
