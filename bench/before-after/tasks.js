// What rows are made of: a task that prepares its calls, which is not measured, and runs them.

/** So few calls that what they are given is still in the processor's caches, as what a server has just read is. */
const BATCH = 64;

/** Calls that return at once. */
export function callsOf(make, call) {
  let next = 0;
  return {
    calls: BATCH,
    prepare: () => Array.from({ length: BATCH }, () => make(next++)),
    run(inputs) {
      for (const input of inputs) call(input);
    },
  };
}

/** Calls of which so many are under way at a time, each in a turn of the event loop of its own, as requests come. */
export function inFlight(width, calls, prepare, call) {
  return {
    calls,
    prepare,
    async run(inputs) {
      let next = 0;
      const worker = async () => {
        while (next < calls) {
          await call(inputs[next++]);
          await nextTurn();
        }
      };
      await Promise.all(Array.from({ length: width }, worker));
    },
  };
}

const nextTurn = () => new Promise(setImmediate);

export function mustBeGranted(decision) {
  if (decision instanceof Promise) throw new Error('not decided at once');
  if (decision.kind !== 'granted') throw new Error(decision.reason);
}
