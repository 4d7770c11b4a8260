import { createHook } from 'node:async_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

/** The process itself: a test runner may show its tests a copy, which hears of no rejection. */
const realProcess: NodeJS.Process = runInThisContext('process');

/** The kinds of everything asynchronous that `task` begins: promises, timers, files, sockets. */
export function startedBy(task: () => void): readonly string[] {
  const started: string[] = [];
  const hook = createHook({ init: (_id, type) => started.push(type) }).enable();
  try {
    task();
  } finally {
    hook.disable();
  }
  return started;
}

/** How many promises nobody looked after while `task` ran. Other listeners hear nothing meanwhile. */
export async function unhandledRejectionsOf(task: () => Promise<void>): Promise<number> {
  let count = 0;
  const others = realProcess.rawListeners('unhandledRejection');
  realProcess.removeAllListeners('unhandledRejection');
  realProcess.on('unhandledRejection', () => {
    count += 1;
  });
  try {
    await task();
    // Node tells about a rejection after the microtasks of its turn.
    for (let turns = 0; turns < 3; turns += 1) await turn();
  } finally {
    realProcess.removeAllListeners('unhandledRejection');
    for (const other of others) realProcess.on('unhandledRejection', other as () => void);
  }
  return count;
}

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/** Everything that is printed while `task` runs; it is not shown. */
export async function printedBy(task: () => Promise<void>): Promise<string> {
  const printed: string[] = [];
  const note = (...parts: unknown[]) => printed.push(parts.map(String).join(' '));
  const restore = [
    ...METHODS.map((method) => replace(console, method, note)),
    ...[realProcess.stdout, realProcess.stderr].map((stream) =>
      replace(stream, 'write', (chunk: string | Uint8Array) => note(chunk) > 0),
    ),
  ];
  try {
    await task();
  } finally {
    for (const undo of restore) undo();
  }
  return printed.join('\n');
}

function replace<Name extends string>(owner: Record<Name, unknown>, name: Name, substitute: unknown): () => void {
  const original = owner[name];
  owner[name] = substitute;
  return () => {
    owner[name] = original;
  };
}

/** What keeps the process alive, by kind. */
export function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of realProcess.getActiveResourcesInfo()) {
    // Output streams and the wait of this check itself.
    if (/^(?:TTYWrap|PipeWrap|Immediate)$/.test(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

const POLLS = 50;
const POLL_MS = 20;

/** The kinds of which more are open than before; waits up to a second for what is still being closed. */
export async function leftOpenSince(before: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const left = () => [...openResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  for (let poll = 0; poll < POLLS && left().length > 0; poll += 1) await sleep(POLL_MS, undefined, { ref: false });
  return left().map(([kind]) => kind);
}
