import { ALL, type LiveRoute, type PathPattern, type Spelling } from './live-route.js';

const EXACT: Spelling = { ignoresCase: false, ignoresSlash: false };
/** Whoever serves all of these was asked to serve every method. */
const COMMON = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'];

/** The methods of a route in upper case; `ALL` for a route of every method. */
export function methodsOf(methods: readonly string[]): readonly string[] {
  const upper = new Set(methods.map((method) => (method === '_all' ? ALL : method.toUpperCase())));
  return upper.has(ALL) || COMMON.every((method) => upper.has(method)) ? [ALL] : [...upper];
}

export interface RouteDetails {
  readonly path: string;
  readonly spelling?: Spelling;
  readonly isUnread?: boolean;
}

/** One route for each method and pattern. */
export function routesAt(
  methods: readonly string[],
  patterns: readonly PathPattern[],
  { path, spelling = EXACT, isUnread = false }: RouteDetails,
): readonly LiveRoute[] {
  return methods.flatMap((method) => patterns.map((pattern) => ({ method, path, ...pattern, ...spelling, isUnread })));
}
