import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError } from '../command/command-error.js';

/**
 * The text of a file, in UTF-8.
 * @param shown what an error names: not the path where that might be a secret in the wrong place
 * @throws {CommandError} with the system's code
 */
export async function textOfFile(path: string, directory: string, shown: string = path): Promise<string> {
  try {
    const bytes = await readFile(resolve(directory, path));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const problem = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is no UTF-8' : code;
    throw new CommandError(`${shown} cannot be read: ${problem}`);
  }
}
