import { afterEach, describe, expect, test } from '@jest/globals';
import { anonymous, requireScopes, route, routes } from '@sallyport/core';
import { openApi } from '@sallyport/openapi';
import { request } from 'undici';
import { documentOf, tablesOf } from '../support/markdown.js';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';

const [servers = [], templates = [], refused = [], several = [], spellings = []] = tablesOf(
  documentOf('docs/operations.md'),
);

/** The texts that stand in a cell as code. */
function codesOf(cell = ''): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code as string);
}

function found(template: string, path: string): boolean {
  return routes([route('GET', template)]).find('GET', path) !== undefined;
}

describe('docs/operations.md', () => {
  const guide = openGuide('docs/operations.md');
  let server: DocumentedServer | undefined;
  afterEach(() => server?.stop());

  test.each(servers.map((row) => [row['`servers`'] ?? '', row['`GET /orders` is found at'] ?? '']))(
    'servers: %s',
    async (cell, places) => {
      const variables = {
        version: cell.includes('enum') ? { default: 'v1', enum: ['v1', 'v2'] } : { default: 'v1' },
        tenant: { default: 'a' },
      };
      const urls = codesOf(cell).filter((code) => code.includes('://'));
      const definition = {
        openapi: '3.0.4',
        info: { title: 'Orders', version: '1' },
        servers: urls.map((url) => ({ url, variables })),
        security: [],
        paths: { '/orders': { get: { responses: { 200: { description: 'fine' } } } } },
      };
      const { operations } = await openApi(definition, { schemes: {} });
      expect(operations.map(({ template }) => template)).toEqual(codesOf(places));
    },
  );

  test.each(templates.map((row) => [row['Template'], row['Matches'], row['Does not match']].flatMap(codesOf)))(
    '%s matches %s, and not %s',
    (template = '', path = '', other = '') => {
      expect([found(template, path), found(template, other)]).toEqual([true, false]);
    },
  );

  test.each(refused.map((row) => codesOf(row['Template'])))('%s does not start', (template) => {
    expect(() => route('GET', template)).toThrow(expect.objectContaining({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' }));
  });

  test.each(several.map((row) => [row['Templates'] ?? '', row['Request'] ?? '', row['Has to satisfy'] ?? '']))(
    'of %s, %s has to satisfy %s',
    (cell, request, satisfied) => {
      const [one = '', other = ''] = codesOf(cell);
      const [path = ''] = codesOf(request);
      const table = routes([route('GET', one), route('GET', other, { guards: [requireScopes('a')] })]);
      const operation = table.find('GET', path);
      const all = operation === undefined ? [] : [operation, ...table.rivals(operation, path)];
      const wanted = satisfied === 'both' ? [one, other] : codesOf(satisfied);
      expect(new Set(all.map(({ template }) => template))).toEqual(new Set(wanted));
    },
  );

  test.each(spellings.map((row) => [row['Template'] ?? '', row['Refused spellings'] ?? '']))(
    '%s: %s belong to no operation',
    (cell, paths) => {
      const [template = ''] = codesOf(cell);
      const table = routes([route('GET', template, { requirement: anonymous() })]);
      expect(codesOf(paths).map((path) => table.isAmbiguous('GET', path))).toEqual(codesOf(paths).map(() => true));
    },
  );

  test('a user reads their own account, and support reads all of them', async () => {
    server = await DocumentedServer.start(guide.project.folder, 'own-account.js');
    const { origin } = server;
    const statusOf = async (line: string, key: string): Promise<number> => {
      const [method = '', path = ''] = line.split(' ');
      const { statusCode, body } = await request(origin + path, { method, headers: { 'x-key': key } });
      await body.dump();
      return statusCode;
    };
    const asked = ['GET /users/alice', 'GET /users/bob', 'DELETE /users/alice', 'DELETE /users/bob'];
    expect(await Promise.all(asked.map((line) => statusOf(line, 'alice')))).toEqual([200, 403, 200, 403]);
    expect(await Promise.all(asked.map((line) => statusOf(line, 'root')))).toEqual([200, 200, 403, 403]);
  });

  test('every table has rows', () => {
    expect([servers, templates, refused, several, spellings].map((rows) => rows.length > 2)).toEqual(
      Array(5).fill(true),
    );
  });
});
