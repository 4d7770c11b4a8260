import type { HandlerKind, Kinds } from '@sallyport/core/extend';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import type { Values } from '../command/command.js';
import type { CONFIGURATION_FLAGS } from './configuration-flags.js';
import { ownKinds } from './own-kinds.js';

/** The kinds that a configuration file may name: those of Sallyport, and those of the user's module. */
export async function kindsFor(flags: Values<typeof CONFIGURATION_FLAGS>, directory: string): Promise<Kinds> {
  return flags.kinds === undefined
    ? builtInHandlers
    : { ...builtInHandlers, ...(await ownKinds(flags.kinds, directory)) };
}

/** The same kinds. `built` hears of every handler that was made. */
export function heard(kinds: Kinds, built: (name: string, kind: string) => void): Kinds {
  return Object.fromEntries(
    Object.entries(kinds).map(([type, kind]) => {
      // What is no kind is told by whoever builds.
      if (typeof kind !== 'object' || kind === null || !('handler' in kind)) return [type, kind];
      const { handler, ...row } = kind as HandlerKind;
      const hearing: HandlerKind['handler'] = (options, services) => {
        const made = handler(options, services);
        built(services.name, type);
        return made;
      };
      return [type, { ...row, handler: hearing }];
    }),
  );
}
