import { dirname, resolve } from 'node:path';
import { chainFrom, parseConfiguration } from '@sallyport/configuration';
import type { SecurityHandler } from '@sallyport/core';
import { option, quotedName } from '@sallyport/core/extend';
import type { ApiKeys } from '@sallyport/handlers/api-key';
import type { Values } from '../command/command.js';
import { CommandError } from '../command/command-error.js';
import type { Surroundings } from '../command/surroundings.js';
import { kindsFor } from '../configuration/kinds.js';
import { textOfFile } from '../contract/text-file.js';
import type { KEY_LIST_FLAGS } from './key-flags.js';

type KeyHandler = SecurityHandler & { readonly keys: ApiKeys };

/**
 * Builds the handler of keys in a configuration file, and nothing else of it, uses its keys, and closes it.
 * @throws {CommandError} where the file cannot be read, or lists no such handler
 * @throws {ConfigurationError} with file, line and column
 */
export async function withConfiguredKeys<Value>(
  flags: Values<typeof KEY_LIST_FLAGS>,
  { directory, environment }: Surroundings,
  use: (keys: ApiKeys) => Promise<Value>,
): Promise<Value> {
  const file = flags.config;
  const text = await textOfFile(file, directory);
  const kinds = await kindsFor(flags, directory);
  const parsed = await parseConfiguration(text, file);
  const name = nameIn(parsed.content, flags.handler, file);
  const { handlers } = parsed.content as { handlers: Record<string, unknown> };
  const alone = { handlers: { [name]: handlers[name] }, chain: { requirement: name } };
  const services = { kinds, environment, directory: dirname(resolve(directory, file)) };
  const chain = await chainFrom(alone, services).catch((error) => {
    throw parsed.located(error);
  });
  try {
    const [handler] = chain.handlers;
    if (!hasKeys(handler)) throw new CommandError(`handlers.${name} of ${file} has no keys: its kind is not api-key`);
    return await use(handler.keys);
  } finally {
    await chain.close();
  }
}

/** A handler may come from another copy of the package. */
function hasKeys(handler: SecurityHandler | undefined): handler is KeyHandler {
  const { keys } = Object(handler) as { readonly keys?: Partial<ApiKeys> };
  return typeof keys?.create === 'function' && typeof keys.rotate === 'function';
}

function nameIn(content: object, wanted: string | undefined, file: string): string {
  const { handlers } = content as { readonly handlers?: unknown };
  const listed = Object.entries(Object(handlers) as Readonly<Record<string, unknown>>);
  if (wanted !== undefined) {
    if (listed.some(([name]) => name === wanted)) return wanted;
    const hint = option.nearestHint(
      wanted,
      listed.map(([name]) => name),
    );
    throw new CommandError(`${file} lists no handler ${quotedName(wanted)}${hint}`);
  }
  const names = listed.flatMap(([name, part]) => ((Object(part) as { type?: unknown }).type === 'api-key' ? name : []));
  const [only, ...others] = names;
  if (only === undefined) throw new CommandError(`${file} lists no handler of the kind api-key`);
  if (others.length > 0)
    throw new CommandError(`${file} lists several handlers of keys: --handler must be one of ${names.join(', ')}`);
  return only;
}
