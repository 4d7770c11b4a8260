import { SallyportError } from '@sallyport/core';
import { describeError } from '@sallyport/core/extend';
import { CommandError } from '../command/command-error.js';
import { ExitCode } from '../command/exit-code.js';
import type { Surroundings } from '../command/surroundings.js';
import { paintFor } from '../terminal/colours.js';
import { oneLine, printable } from '../terminal/printable.js';
import { readArguments } from './arguments.js';
import { COMMANDS } from './commands.js';
import { commandHelp, toolHelp } from './help.js';

/**
 * Runs a command line, without the names of the program. Whatever goes wrong is told on stderr, each problem in one line, and
 * so is every warning of the library that the command does not tell itself.
 * @returns the status of the process
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stderr, onWarning } = surroundings;
  const paint = paintFor(stderr, surroundings);
  const stop = onWarning((warning) => stderr.write(`${paint('yellow', 'sallyport: warning:')} ${oneLine(warning)}\n`));
  try {
    return await obey(args, surroundings);
  } catch (error) {
    for (const line of problemsOf(error)) stderr.write(`${paint('red', 'sallyport:')} ${printable(line)}\n`);
    return ExitCode.Unusable;
  } finally {
    // Node emits warnings in the next tick.
    await new Promise(setImmediate);
    stop();
  }
}

async function obey(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const asked = readArguments(args, COMMANDS);
  switch (asked.kind) {
    case 'version': {
      const { version } = await import('../command/version.js');
      surroundings.stdout.write(`${await version()}\n`);
      return ExitCode.Ok;
    }
    case 'help':
      surroundings.stdout.write(asked.command === undefined ? toolHelp(COMMANDS) : commandHelp(asked.command));
      return ExitCode.Ok;
    case 'run': {
      const { command, operands, flags } = asked;
      const start = await command.load();
      return await start({ operands, flags, surroundings });
    }
  }
}

/** Errors of the library quote no value. Of any other error only its class and place are told: its message may. */
function problemsOf(error: unknown): readonly string[] {
  if (error instanceof CommandError) return error.lines;
  if (error instanceof SallyportError) return [oneLine(error.message)];
  const { name, code, frames } = describeError(error);
  const [frame = 'no place'] = frames;
  return [`this is a bug of sallyport: ${code === undefined ? name : `${name} ${code}`}, ${frame}`];
}
