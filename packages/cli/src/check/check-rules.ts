import type { Rule } from '../findings/finding.js';

/** What `check` looks for. A name stays what it is, because settings of other programs go by it. */
export const CHECK_RULES = {
  operationWithoutSecurity: {
    id: 'operation-without-security',
    level: 'error',
    summary: 'Neither the operation nor the document says what a caller needs.',
  },
  schemeUndeclared: {
    id: 'scheme-undeclared',
    level: 'error',
    summary: 'A security requirement names a scheme that the document does not declare.',
  },
  schemeUnsatisfied: {
    id: 'scheme-unsatisfied',
    level: 'error',
    summary: 'A security requirement names a scheme that the configuration file does not prove.',
  },
  scopeUndeclared: {
    id: 'scope-undeclared',
    level: 'error',
    summary:
      'A security requirement or anyScope names a scope that none of the flows of its OAuth 2.0 schemes declares.',
  },
  schemeUnused: {
    id: 'scheme-unused',
    level: 'warning',
    summary: 'The document declares a security scheme that no operation needs.',
  },
  routeNotInContract: {
    id: 'route-not-in-contract',
    level: 'error',
    summary: 'The application serves a route for which the document has no operation.',
  },
  operationNotServed: {
    id: 'operation-not-served',
    level: 'warning',
    summary: 'The application has no route for an operation of the document.',
  },
  routeOfEveryMethod: {
    id: 'route-of-every-method',
    level: 'note',
    summary: 'The application serves a path for every method, and the document has operations for some.',
  },
  routeNotComparable: {
    id: 'route-not-comparable',
    level: 'note',
    summary: 'A route has a wildcard or a regular expression, which no path template can say.',
  },
  routerUnread: {
    id: 'router-unread',
    level: 'warning',
    summary: 'A part of the application could not be read, so its routes were not compared.',
  },
} as const satisfies Record<string, Rule>;
