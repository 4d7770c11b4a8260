import { CommandError } from '../command/command-error.js';
import type { Surroundings } from '../command/surroundings.js';
import { textOfFile } from '../contract/text-file.js';

/** More is no token and no request. */
const MOST_BYTES = 4 * 1_024 * 1_024;

/** The text of the file that an option names, or of stdin for `-`. */
export async function textOf(path: string, option: string, surroundings: Surroundings): Promise<string> {
  return path === '-' ? textOfStdin(surroundings) : textOfFile(path, surroundings.directory, `the file of ${option}`);
}

async function textOfStdin({ stdin }: Surroundings): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MOST_BYTES) throw new CommandError(`stdin has more than ${MOST_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The token: from a file, a variable or stdin. Never from the command line, which other users of the machine can see.
 * @throws {CommandError} that does not quote it
 */
export async function tokenFrom(
  { file, variable }: { readonly file: string | undefined; readonly variable: string | undefined },
  surroundings: Surroundings,
): Promise<string> {
  const text =
    variable === undefined
      ? await textOf(file ?? '-', '--token-file', surroundings)
      : ofEnvironment(variable, surroundings);
  const token = text.trim().replace(/^(?:Authorization:\s*)?Bearer\s+/i, '');
  if (token === '') throw new CommandError('the token is empty');
  if (/\s/.test(token)) throw new CommandError('the token must be one word');
  return token;
}

function ofEnvironment(variable: string, { environment }: Surroundings): string {
  const value = Object.hasOwn(environment, variable) ? environment[variable] : undefined;
  if (value === undefined || value === '') throw new CommandError('the environment variable of --token-env is not set');
  return value;
}
