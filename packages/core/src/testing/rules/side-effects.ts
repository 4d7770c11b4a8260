import { createHook } from 'node:async_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

/** The real process. A test runner may give tests a copy, which gets no events of rejections. */
const realProcess: NodeJS.Process = runInThisContext('process');

/** Node notes these for what is done at once as well: a handler may draw a secret of its own with the first credential. */
const DONE_AT_ONCE = 'RANDOMBYTESREQUEST';

/** The kinds of asynchronous work that `task` starts: promises, timers, files, sockets. */
export function startedBy(task: () => void): readonly string[] {
  const started: string[] = [];
  const init = (_id: number, type: string) => type === DONE_AT_ONCE || started.push(type);
  const hook = createHook({ init }).enable();
  try {
    task();
  } finally {
    hook.disable();
  }
  return started;
}

/** The reasons of the unhandled rejections while `task` runs. Other listeners are detached meanwhile. */
export async function unhandledRejectionsOf(task: () => Promise<void>): Promise<readonly unknown[]> {
  const reasons: unknown[] = [];
  const others = realProcess.rawListeners('unhandledRejection');
  realProcess.removeAllListeners('unhandledRejection');
  realProcess.on('unhandledRejection', (reason) => reasons.push(reason));
  try {
    await task();
    // Node reports a rejection after the microtasks of its turn.
    for (let turns = 0; turns < 3; turns += 1) await turn();
  } finally {
    realProcess.removeAllListeners('unhandledRejection');
    for (const other of others) realProcess.on('unhandledRejection', other as () => void);
  }
  return reasons;
}

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/** Collects everything that is printed while `task` runs, instead of showing it. */
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

/** The resources that keep the process alive, by kind. */
export function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of realProcess.getActiveResourcesInfo()) {
    // Not counted: output streams, and the waiting of this check itself.
    if (/^(?:TTYWrap|PipeWrap|Immediate)$/.test(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

const POLLS = 50;
const POLL_MS = 20;

/**
 * The kinds of resources of which more are open than before. Waits up to a second for resources that are being closed.
 */
export async function leftOpenSince(before: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const left = () => [...openResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  for (let poll = 0; poll < POLLS && left().length > 0; poll += 1) await sleep(POLL_MS, undefined, { ref: false });
  return left().map(([kind]) => kind);
}
