import { describe, expect, jest, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { compiled, definition, handlers, operation, secured } from './contract-fixture.js';

const VALIDATOR = '@seriousme/openapi-schema-validator';

describe('contract: a definition that was validated before start', () => {
  test('compiles to the same operations and decisions', async () => {
    const document = secured([{ oauth: ['r'] }, { key: [] }]);
    const schemes = handlers(['r']);
    const [again, validated] = await Promise.all([
      compiled(document, { schemes }),
      compiled(document, { schemes, validated: true }),
    ]);
    expect(validated.operations.map(({ id, template }) => [id, template])).toEqual(
      again.operations.map(({ id, template }) => [id, template]),
    );
    const chain = new SecurityChain({ operations: validated });
    expect((await ask(chain, 'GET /a')).status).toBe(401);
    expect((await ask(chain, 'GET /a', { bearer: 'token' })).status).toBe(200);
  });

  test('needs no validator, and one that was not needs it', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock(VALIDATOR, () => {
        throw new Error('the validator is loaded');
      });
      const { openApi } = await import('@sallyport/openapi');
      const open = secured([]);
      await expect(openApi(open, { schemes: {}, validated: true })).resolves.toBeDefined();
      await expect(openApi(open, { schemes: {} })).rejects.toThrow('the validator is loaded');
      jest.dontMock(VALIDATOR);
    });
  });

  const get = (more: object) => definition({ '/a': { get: operation(more) } });
  const rows: readonly (readonly [name: string, document: object, pointer: string])[] = [
    ['paths that are a list', { ...definition({}), paths: [] }, '/paths'],
    ['a path that is no object', definition({ '/a': 'get' }), '/paths/~1a'],
    ['an operation that is no object', definition({ '/a': { get: [] } }), '/paths/~1a/get'],
    ['an operationId that is no text', get({ operationId: 7, security: [] }), '/paths/~1a/get/operationId'],
    ['a security that is no list', get({ security: {} }), '/paths/~1a/get/security'],
    ['a security that is null', get({ security: null }), '/paths/~1a/get/security'],
    ['an alternative that is a text', get({ security: ['oauth'] }), '/paths/~1a/get/security/0'],
    ['an alternative that is null', get({ security: [null] }), '/paths/~1a/get/security/0'],
    ['scopes that are one text', get({ security: [{ oauth: 'r' }] }), '/paths/~1a/get/security/0/oauth'],
    ['scopes that are null', get({ security: [{ oauth: null }] }), '/paths/~1a/get/security/0/oauth'],
    ['a scope that is no text', get({ security: [{ oauth: [['r']] }] }), '/paths/~1a/get/security/0/oauth'],
    ['a security of the definition that is no list', { ...definition({}), security: {} }, '/security'],
    ['servers that are an object', get({ security: [], servers: {} }), '/paths/~1a/get/servers'],
    ['a server without a URL', { ...definition({}), servers: [{}] }, '/servers/0'],
    [
      'values of a variable that are no texts',
      { ...definition({}), servers: [{ url: '/{v}', variables: { v: { default: 'a', enum: [1] } } }] },
      '/servers/0/variables/v',
    ],
    [
      'security schemes that are a list',
      { ...definition({}), components: { securitySchemes: [] } },
      '/components/securitySchemes',
    ],
    ['a scheme without a handler', get({ security: [{ saml: [] }] }), '/paths/~1a/get/security/0/saml'],
    ['an operation without security', get({}), '/paths/~1a/get'],
    ['a path that refers to nothing', definition({ '/a': { $ref: '#/components/pathItems/a' } }), '/paths/~1a'],
    [
      'additional operations that are a list',
      definition({ '/a': { additionalOperations: [] } }),
      '/paths/~1a/additionalOperations',
    ],
  ];

  test.each(rows)('is refused nevertheless: %s', async (_name, document, pointer) => {
    await expect(compiled(document as never, { validated: true })).rejects.toMatchObject({
      code: 'ERR_SALLYPORT_CONTRACT_INVALID',
      faults: [{ pointer }],
    });
  });

  test('is refused nevertheless: another version', async () => {
    for (const openapi of ['2.0', '3.3.0', '4.0.0', undefined]) {
      await expect(compiled({ ...secured([]), openapi }, { validated: true })).rejects.toMatchObject({
        faults: [{ pointer: '/openapi' }],
      });
    }
  });
});
