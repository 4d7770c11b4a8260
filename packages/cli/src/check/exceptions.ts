import { quoted } from '@sallyport/core/extend';
import { CommandError } from '../command/command-error.js';
import type { LiveApplication, LiveRoute } from '../routes/live-route.js';
import { loosely } from './templates.js';

/**
 * The application without routes that are no part of the contract on purpose, such as `GET /health` or `/docs/*`.
 * @throws {CommandError} for an exception that is not written so, and for one that no route needs any more
 */
export function withoutExceptions(application: LiveApplication, exceptions: readonly string[]): LiveApplication {
  const matchers = exceptions.map((exception) => ({ exception, matches: matcherOf(exception) }));
  const needless = matchers.find(({ matches }) => !application.routes.some(matches));
  if (needless !== undefined) {
    throw new CommandError(`the application has no route ${quoted(needless.exception)}, which --except names`);
  }
  const routes = application.routes.filter((route) => !matchers.some(({ matches }) => matches(route)));
  return { ...application, routes };
}

function matcherOf(exception: string): (route: LiveRoute) => boolean {
  const [, method, path = '', star] = /^(?:([A-Z]+) )?(\/[^*]*)(\*?)$/.exec(exception) ?? [];
  if (path === '') throw new CommandError('--except takes a route, such as "GET /health", or "/docs/*" for all below');
  const expected = loosely(path + star);
  return (route) => {
    // A slash in front of a star counts.
    const template = loosely(route.isOpen ? `${route.template}*` : route.template);
    const isThere = star === '*' ? template.startsWith(expected.slice(0, -1)) : template === expected;
    return isThere && (method === undefined || method === route.method || isHeadOf(method, route));
  };
}

/** Frameworks add HEAD to each GET. */
function isHeadOf(method: string, route: LiveRoute): boolean {
  return method === 'GET' && route.method === 'HEAD';
}
