import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeError, type Kinds } from '@sallyport/core/extend';
import { CommandError } from '../command/command-error.js';

/**
 * The kinds that a module of the user exports, as `kinds` or as default.
 * @throws {CommandError}
 */
export async function ownKinds(module: string, directory: string): Promise<Kinds> {
  const exported = await loaded(module, directory);
  const kinds = exported['kinds'] ?? exported['default'];
  if (typeof kinds !== 'object' || kinds === null)
    throw new CommandError(`${module} exports no table of kinds, neither as kinds nor as default`);
  return kinds as Kinds;
}

async function loaded(module: string, directory: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(resolve(directory, module)).href);
  } catch (error) {
    // The message may quote what the code was about.
    const { name, code, frames } = describeError(error);
    const [frame] = frames;
    throw new CommandError(`${module} cannot be loaded: ${code ?? name}${frame === undefined ? '' : ` ${frame}`}`);
  }
}
