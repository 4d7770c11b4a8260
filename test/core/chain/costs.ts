import { createHook } from 'node:async_hooks';
import crypto from 'node:crypto';
import { jest } from '@jest/globals';

/** What a stretch of code did that costs more than plain calls. */
export interface Costs {
  readonly promises: number;
  /** Whatever else goes on later: timers, immediates, ticks, microtasks. */
  readonly deferrals: number;
  readonly hashes: number;
  readonly parses: number;
  /** Maps and sets, weak ones too. */
  readonly collections: number;
}

const HASHES = ['hash', 'createHash', 'createHmac', 'sign', 'verify'] as const;
const COLLECTIONS = ['Map', 'Set', 'WeakMap', 'WeakSet'] as const;

/** Counts while a synchronous task runs, and leaves nothing behind. */
export function costsOf(task: () => void): Costs {
  let promises = 0;
  let deferrals = 0;
  let collections = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') promises += 1;
      else deferrals += 1;
    },
  });
  const made = () => {
    collections += 1;
  };
  const restoreCollections = COLLECTIONS.map((name) => countConstructions(name, made));
  const parse = jest.spyOn(JSON, 'parse');
  const hashes = HASHES.map((name) => jest.spyOn(crypto, name));
  hook.enable();
  try {
    task();
  } finally {
    hook.disable();
    for (const restore of restoreCollections) restore();
  }
  const counted = {
    promises,
    deferrals,
    collections,
    hashes: hashes.reduce((sum, { mock }) => sum + mock.calls.length, 0),
    parses: parse.mock.calls.length,
  };
  for (const spy of [parse, ...hashes]) spy.mockRestore();
  return counted;
}

function countConstructions(name: (typeof COLLECTIONS)[number], made: () => void): () => void {
  const original = globalThis[name];
  const counting = new Proxy(original, {
    construct(target, parameters, newTarget) {
      made();
      return Reflect.construct(target, parameters, newTarget);
    },
  });
  Object.assign(globalThis, { [name]: counting });
  return () => Object.assign(globalThis, { [name]: original });
}
