import type { Surroundings } from '../command/surroundings.js';

/** Runs a task, and gathers the warnings of the library meanwhile: of switches that weaken, say. */
export async function withWarnings<Value>(
  { onWarning }: Pick<Surroundings, 'onWarning'>,
  task: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly warnings: readonly string[] }> {
  const warnings = new Set<string>();
  const stop = onWarning((message) => warnings.add(message));
  try {
    const value = await task();
    // Node emits warnings in the next tick.
    await new Promise(setImmediate);
    return { value, warnings: [...warnings] };
  } finally {
    stop();
  }
}
