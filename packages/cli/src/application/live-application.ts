import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../command/command-error.js';
import type { Surroundings } from '../command/surroundings.js';
import type { LiveApplication } from '../routes/live-route.js';
import type { Message } from './message.js';

/** An application that is not ready by then waits for something that it does not get here. */
const PATIENCE_MS = 60_000;
/** The build has all files at the same depth. */
const PROCESS = fileURLToPath(new URL('../application/reading-process.js', import.meta.url));

export interface LoadOptions {
  /** Modules that the process loads first, such as the loader of a TypeScript module. */
  readonly imports: readonly string[];
}

/**
 * Loads the module of an application in a process of its own, and tells what the application serves. What the application
 * prints goes to stderr.
 * @throws {CommandError} in one line, if the module cannot be loaded or exports no application
 */
export async function liveApplication(
  module: string,
  { imports }: LoadOptions,
  { directory, environment, after }: Surroundings,
): Promise<LiveApplication> {
  const loader = imports.flatMap((each) => ['--import', each]);
  const child = fork(PROCESS, [resolve(directory, module)], {
    cwd: directory,
    env: { ...environment },
    execArgv: [...process.execArgv, ...loader],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  let cancel = (): void => {};
  try {
    const message = await new Promise<Message>((take) => {
      cancel = after(PATIENCE_MS, () => take({ problem: `it was not ready after ${PATIENCE_MS / 1_000} seconds` }));
      child.once('message', (told) => take(told as Message));
      child.once('error', ({ message: problem }) => take({ problem }));
      child.once('exit', (code, signal) =>
        take({ problem: `its process ended ${signal ? `by ${signal}` : `with status ${code}`} before it was ready` }),
      );
    });
    if ('application' in message) return message.application;
    throw new CommandError(`${module} cannot be used: ${message.problem}`);
  } finally {
    cancel();
    child.kill('SIGKILL');
  }
}
