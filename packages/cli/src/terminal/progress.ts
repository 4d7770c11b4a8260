import type { Surroundings } from '../command/surroundings.js';

/** Shorter work needs no word. */
const PATIENCE_MS = 1_000;

/** Runs a task. If it takes longer than a second, stderr tells what is being done. */
export async function withProgress<Value>(
  what: string,
  { stderr, after }: Pick<Surroundings, 'stderr' | 'after'>,
  task: () => Promise<Value>,
): Promise<Value> {
  let isTold = false;
  const cancel = after(PATIENCE_MS, () => {
    isTold = true;
    stderr.write(stderr.isTerminal ? `${what} ...` : `${what} ...\n`);
  });
  try {
    return await task();
  } finally {
    cancel();
    // On a terminal the line makes room for what comes next.
    if (isTold && stderr.isTerminal) stderr.write('\r\u001b[K');
  }
}
