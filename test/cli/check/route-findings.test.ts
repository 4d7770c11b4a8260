import { describe, expect, test } from '@jest/globals';
import type { ContractView, DocumentedOperation } from '../../../packages/cli/src/check/contract-view.js';
import { withoutExceptions } from '../../../packages/cli/src/check/exceptions.js';
import { routeFindings } from '../../../packages/cli/src/check/route-findings.js';
import type { LiveApplication, LiveRoute } from '../../../packages/cli/src/routes/live-route.js';

/** `GET /a /base/a` is an operation with two templates. */
function viewOf(lines: readonly string[]): ContractView {
  const operations = lines.map((line): DocumentedOperation => {
    const [method = '', ...templates] = line.split(' ');
    const pointer = `/paths/${templates[0]?.replaceAll('/', '~1')}/${method.toLowerCase()}`;
    const path = { template: templates[0] ?? '', pointer: '', item: {} };
    const said = { object: {}, security: undefined, anyScope: undefined };
    return { id: `${method} ${templates[0]}`, method, templates, pointer, path, ...said };
  });
  return {
    operations,
    schemes: new Map(),
    nameOf: (key) => key,
    placeOf: (pointer) => ({ file: 'api.yaml', pointer, line: 1, column: 1 }),
  };
}

/** `GET /a` is exact; behind it stand `i` (ignores case), `/` (ignores a slash at the end) and `unread`. `/a/…` is open. */
function applicationOf(lines: readonly string[]): LiveApplication {
  const routes = lines.map((line): LiveRoute => {
    const [method = '', path = '', ...flags] = line.split(' ');
    const [ignoresCase, ignoresSlash, isUnread] = ['i', '/', 'unread'].map((flag) => flags.includes(flag));
    const pattern = { template: path.replace('…', ''), isOpen: path.endsWith('…') };
    return { method, path, ...pattern, ignoresCase: !!ignoresCase, ignoresSlash: !!ignoresSlash, isUnread: !!isUnread };
  });
  return { framework: 'Any', routes };
}

function found(operations: readonly string[], routes: readonly string[]): readonly string[] {
  return routeFindings(viewOf(operations), applicationOf(routes)).map(({ rule, message }) => {
    const line = /(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|every method of) \/\S*|for every method|router at \S+/.exec(
      message,
    );
    return `${rule.id}: ${line?.[0].replace(/,$/, '')}`;
  });
}

describe('a route and an operation', () => {
  const same: readonly (readonly [rule: string, operation: string, route: string])[] = [
    ['are the same whatever their parameters are called', 'GET /a/{id}/b/{name}', 'GET /a/{x}/b/{y}'],
    ['are the same in each spelling of their percent-encoding', 'GET /caf%C3%A9', 'GET /café'],
    ['are the same by a router that ignores case', 'GET /Pets', 'GET /pets i'],
    ['are the same by a router that ignores a slash at the end', 'GET /pets/', 'GET /pets /'],
    ['are the same under one of the base paths', 'GET /v1/pets /pets', 'GET /pets'],
    ['may have a method that OpenAPI 3.2 allows', 'QUERY /pets', 'QUERY /pets'],
  ];
  test.each(same)('%s', (_rule, operation, route) => {
    expect(found([operation], [route])).toEqual([]);
  });

  const different: readonly (readonly [rule: string, operation: string, route: string])[] = [
    ['differ in case by a router that does not ignore it', 'GET /Pets', 'GET /pets'],
    ['differ in a slash at the end by a router that does not ignore it', 'GET /pets/', 'GET /pets'],
    ['differ where one has a parameter and the other a name', 'GET /pets/latest', 'GET /pets/{id}'],
    ['differ in their method', 'PUT /pets', 'POST /pets'],
    ['differ in their base path', 'GET /v1/pets', 'GET /pets'],
  ];
  test.each(different)('%s', (_rule, operation, route) => {
    expect(found([operation], [route])).toEqual([
      `operation-not-served: ${operation}`,
      `route-not-in-contract: ${route}`,
    ]);
  });
});

test('a route may serve an operation whose parameter is a part of a segment, and more than it', () => {
  expect(found(['GET /pets/{id}.json'], ['GET /pets/{file}'])).toEqual(['route-not-in-contract: GET /pets/{file}']);
});

describe('methods that frameworks answer by themselves', () => {
  test('HEAD belongs to GET, on both sides (RFC 9110 9.3.2)', () => {
    expect(found(['GET /a', 'HEAD /a'], ['GET /a', 'HEAD /a'])).toEqual([]);
    expect(found(['GET /a', 'HEAD /a'], ['GET /a'])).toEqual([]);
    expect(found(['GET /a'], ['GET /a', 'HEAD /a'])).toEqual([]);
  });

  test('HEAD alone is a route like any other', () => {
    expect(found([], ['HEAD /a'])).toEqual(['route-not-in-contract: HEAD /a']);
  });

  test('OPTIONS is nobody’s route, and served wherever something else is', () => {
    expect(found(['GET /a', 'OPTIONS /a'], ['GET /a', 'OPTIONS /b', 'OPTIONS /…'])).toEqual([]);
    expect(found(['OPTIONS /a'], [])).toEqual(['operation-not-served: OPTIONS /a']);
  });
});

describe('a route of every method', () => {
  test('serves each operation of its path, and is told', () => {
    expect(found(['GET /a', 'POST /a'], ['ALL /a'])).toEqual(['route-of-every-method: for every method']);
  });

  test('in front of routes of the same path is middleware', () => {
    expect(found(['GET /a'], ['ALL /a', 'GET /a'])).toEqual([]);
  });

  test('without an operation is told once', () => {
    expect(found([], ['ALL /a', 'ALL /a'])).toEqual(['route-not-in-contract: every method of /a']);
  });
});

describe('what no template can say', () => {
  test('is told, and may serve what lies below it', () => {
    expect(found(['GET /files/{name}', 'GET /filed'], ['GET /files/…'])).toEqual([
      'operation-not-served: GET /filed',
      'route-not-comparable: GET /files/…',
    ]);
  });

  test('serves its own method only', () => {
    expect(found(['POST /files/{name}'], ['GET /files/…', 'HEAD /files/…'])).toEqual([
      'operation-not-served: POST /files/{name}',
      'route-not-comparable: GET /files/…',
    ]);
  });

  test('below a parameter reaches every value of it', () => {
    expect(found(['GET /{shop}/files/x'], ['GET /{tenant}/files/…'])).toEqual([
      'route-not-comparable: GET /{tenant}/files/…',
    ]);
  });

  test('is a warning where a router could not be read', () => {
    expect(found(['GET /api/a', 'GET /b'], ['ALL /api/… unread'])).toEqual([
      'operation-not-served: GET /b',
      'router-unread: router at /api/…',
    ]);
  });
});

describe('exceptions', () => {
  const application = applicationOf([
    'GET /health',
    'HEAD /health',
    'GET /docs',
    'GET /docs/{page}',
    'GET /docs/…',
    'POST /docs',
  ]);
  const left = (...exceptions: readonly string[]) =>
    withoutExceptions(application, exceptions).routes.map(({ method, path }) => `${method} ${path}`);

  test('leave out one route, with the HEAD that belongs to it', () => {
    expect(left('GET /health')).toEqual(['GET /docs', 'GET /docs/{page}', 'GET /docs/…', 'POST /docs']);
  });

  test('leave out all that start so', () => {
    expect(left('GET /docs*')).toEqual(['GET /health', 'HEAD /health', 'POST /docs']);
    expect(left('/docs/*')).toEqual(['GET /health', 'HEAD /health', 'GET /docs', 'POST /docs']);
  });

  test('that no route needs are an error, so that no old one hides a new route', () => {
    expect(() => left('GET /health', 'GET /old')).toThrow(
      'the application has no route "GET /old", which --except names',
    );
  });

  test.each(['health', 'get /health', '*', '/a*b'])('written as %s are an error', (exception) => {
    expect(() => left(exception)).toThrow('--except takes a route');
  });
});
