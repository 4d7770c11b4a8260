import { ConfigurationError } from '../errors/errors.js';
import { shownName } from '../errors/shown-name.js';
import { type ReadSource, sourceOf } from '../handler/credential-source.js';
import type { SecurityHandler } from '../handler/handler.js';
import { checkChallenge } from '../verdict/challenge.js';
import { Leaf } from './leaf.js';

interface Sourced {
  readonly handler: SecurityHandler;
  readonly source: ReadSource;
}

/**
 * Makes a leaf for each handler, in the order of extraction: selective handlers first, then those that are selective at some of
 * their places, fallbacks last. Within a rank the chain's order holds.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
 */
export function leavesInSourceOrder(handlers: readonly SecurityHandler[], maxBodyBytes: number): readonly Leaf[] {
  const sourced = handlers.map(withSource);
  checkSources(sourced);
  return sourced
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ handler, source }) => new Leaf(handler, source, maxBodyBytes));
}

function withSource(handler: SecurityHandler): Sourced {
  for (const challenge of handler.challenges) checkChallenge(challenge, handler.name);
  return { handler, source: sourceOf(handler) };
}

function checkSources(sourced: readonly Sourced[]): void {
  const whole = new Map<string, SecurityHandler>();
  for (const { source, handler } of sourced) {
    for (const { at } of source.whole) {
      const rival = whole.get(at);
      if (rival !== undefined) {
        throw new ConfigurationError(
          'ERR_SALLYPORT_SOURCE_CONFLICT',
          `${shownName(rival.name)} and ${shownName(handler.name)} both take every credential of ${at}; ` +
            'let one of them take only those it knows (source.selective): the other gets what is left',
        );
      }
      whole.set(at, handler);
    }
  }
}

function rank({ source: { fallback, whole, places } }: Sourced): number {
  if (fallback) return 3;
  if (whole.length === 0) return 0;
  return whole.length < places.length ? 1 : 2;
}
