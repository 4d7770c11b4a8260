import { SallyportError } from '@sallyport/core';
import { describeError } from '@sallyport/core/extend';
import { CommandError } from '../command/command-error.js';
import { ExitCode } from '../command/exit-code.js';
import type { Surroundings } from '../command/surroundings.js';
import { paintFor } from '../terminal/colours.js';
import { printable } from '../terminal/printable.js';
import { readArguments } from './arguments.js';
import { COMMANDS } from './commands.js';
import { commandHelp, toolHelp } from './help.js';

/**
 * Runs a command line, without the names of the program. Whatever goes wrong is told on stderr, each problem in one line.
 * @returns the status of the process
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  try {
    return await obey(args, surroundings);
  } catch (error) {
    const paint = paintFor(surroundings.stderr, surroundings);
    for (const line of problemsOf(error))
      surroundings.stderr.write(`${paint('red', 'sallyport:')} ${printable(line)}\n`);
    return ExitCode.Unusable;
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
  if (error instanceof SallyportError) return [error.message.replaceAll(/\s*\n\s*/g, ' ')];
  const { name, code, frames } = describeError(error);
  const [frame = 'no place'] = frames;
  return [`this is a bug of sallyport: ${code === undefined ? name : `${name} ${code}`}, ${frame}`];
}
