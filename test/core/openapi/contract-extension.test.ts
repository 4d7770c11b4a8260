import { describe, expect, test } from '@jest/globals';
import { authenticated, createPrincipal, forbidden, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import type { OpenApiOptions } from '@sallyport/openapi';
import { extensionOptions } from '@sallyport/openapi/extend';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { bearer } from '../chain/scripted-handlers.js';
import { compiled, definition, operation } from './contract-fixture.js';

const TOKEN = { bearer: 'token' };
const ext = (extension: unknown) => ({ 'x-sallyport': extension });

/** `GET /a`, with these extensions; the caller has these roles. */
async function chainOf(
  [ofOperation, ofPath, ofDocument]: readonly unknown[],
  roles: readonly string[],
  more: Partial<OpenApiOptions> = {},
): Promise<SecurityChain> {
  const given = (extension: unknown) => (extension === undefined ? {} : ext(extension));
  const paths = { '/a': { ...given(ofPath), get: operation({ ...given(ofOperation), security: [{ oauth: [] }] }) } };
  const oauth = bearer(authenticated(createPrincipal({ subject: 'alice', roles })));
  const operations = await compiled(definition(paths, given(ofDocument)), { schemes: { oauth }, ...more });
  return new SecurityChain({ operations });
}

describe('contract: x-sallyport says what OpenAPI cannot say, and it is enforced', () => {
  type Row = readonly [name: string, extensions: readonly unknown[], roles: readonly string[], status: number];
  const rows: readonly Row[] = [
    ['all roles: both', [{ roles: ['a', 'b'] }], ['a', 'b'], 200],
    ['all roles: one', [{ roles: ['a', 'b'] }], ['a'], 403],
    ['any role: one', [{ anyRole: ['a', 'b'] }], ['b'], 200],
    ['any role: none', [{ anyRole: ['a', 'b'] }], ['c'], 403],
    ['both: all of one list and one of the other', [{ roles: ['a'], anyRole: ['b', 'c'] }], ['a', 'c'], 200],
    ['both: the one list alone', [{ roles: ['a'], anyRole: ['b', 'c'] }], ['a'], 403],
    ['of the path', [undefined, { roles: ['a'] }], [], 403],
    ['of the definition', [undefined, undefined, { roles: ['a'] }], [], 403],
    ['the operation goes before the path', [{ roles: ['a'] }, { roles: ['b'] }], ['a'], 200],
    ['the path goes before the definition', [undefined, { roles: ['b'] }, { roles: ['a'] }], ['a'], 403],
    ['member by member: the other members stay', [{ roles: ['a'] }, { anyRole: ['b'] }], ['a'], 403],
    ['an empty list takes back', [{ roles: [] }, undefined, { roles: ['a'] }], [], 200],
    ['nothing', [], [], 200],
  ];

  test.each(rows)('%s', async (_name, extensions, roles, status) => {
    expect((await ask(await chainOf(extensions, roles), 'GET /a', TOKEN)).status).toBe(status);
  });

  test('guards of the application by name', async () => {
    const guards = { closed: () => forbidden('closed'), fine: () => true };
    const answer = async (names: readonly string[]) =>
      ask(await chainOf([{ guards: names }], [], { guards }), 'GET /a', TOKEN);
    expect(await answer(['fine'])).toMatchObject({ status: 200 });
    expect(await answer(['fine', 'closed'])).toMatchObject({ status: 403, reason: 'closed' });
  });

  test('paths that differ in case may ask for the same', async () => {
    const get = { get: operation({ security: [{ oauth: [] }], ...ext({ roles: ['a'] }) }) };
    await expect(compiled(definition({ '/a': get, '/A': get }))).resolves.toBeDefined();
  });

  const faults: readonly (readonly [name: string, extension: unknown, problem: RegExp])[] = [
    ['an unknown member', { rolls: ['a'] }, /x-sallyport has no option "rolls"; did you mean roles\?/],
    ['what nothing enforces', { cachePolicy: 'private' }, /no option "cachePolicy"/],
    ['roles that are no list', { roles: 'a' }, /x-sallyport.roles must be an array/],
    ['a role that is no text', { anyRole: [7] }, /x-sallyport.anyRole\[0\] must be a non-empty string/],
    ['an unknown guard', { guards: ['nobody'] }, /the option guards has no guard "nobody"/],
    ['a guard called like a member of every object', { guards: ['constructor'] }, /no guard "constructor"/],
    ['no object', true, /x-sallyport must be an object/],
    ['null', null, /x-sallyport must be an object/],
  ];

  test.each(faults)('refused: %s', async (_name, extension, problem) => {
    for (const level of [[extension], [undefined, extension], [undefined, undefined, extension]]) {
      await expect(chainOf(level, [])).rejects.toMatchObject({
        code: 'ERR_SALLYPORT_CONTRACT_INVALID',
        faults: [{ problem: expect.stringMatching(problem) }],
      });
    }
  });

  test('an unknown guard is told where it stands, not at each operation that needs it', async () => {
    const at = async (...levels: readonly unknown[]) =>
      chainOf(levels, []).catch(({ faults: [fault] }: { faults: readonly { pointer: string }[] }) => fault?.pointer);
    const named = { guards: ['nobody'] };
    expect(await at(named)).toBe('/paths/~1a/get/x-sallyport/guards/0');
    expect(await at(undefined, named)).toBe('/paths/~1a/x-sallyport/guards/0');
    expect(await at(undefined, undefined, named)).toBe('/x-sallyport/guards/0');
  });

  test('an operation that says nothing of security is told once, and not as open', async () => {
    const paths = { '/a': { get: operation({ operationId: 'a' }) } };
    await expect(compiled(definition(paths, ext({ roles: ['a'] })))).rejects.toMatchObject({
      faults: [{ problem: expect.stringMatching(/declares no security/) }],
    });
  });

  test('refused: roles of an operation that is open to everybody', async () => {
    const paths = { '/a': { get: operation({ operationId: 'a', security: [] }) } };
    await expect(compiled(definition(paths, ext({ roles: ['a'] })))).rejects.toThrow(
      /operation a is open to everybody/,
    );
    const back = { '/a': { get: operation({ security: [], ...ext({ roles: [] }) }) } };
    await expect(compiled(definition(back, ext({ roles: ['a'] })))).resolves.toBeDefined();
  });
});

describe('the JSON Schema of x-sallyport', () => {
  const validate = new Ajv2020().compile(extensionOptions.schema);

  test.each([
    [{ roles: ['a'], anyRole: [], guards: ['g'] }, true],
    [{}, true],
    [{ rolls: ['a'] }, false],
    [{ roles: 'a' }, false],
    [{ anyRole: [7] }, false],
    [{ guards: [''] }, false],
  ])('%j: %s, as the contract says', (extension, holds) => {
    expect(validate(extension)).toBe(holds);
    const check = () => extensionOptions(extension, 'x-sallyport');
    if (holds) expect(check()).toBeDefined();
    else expect(check).toThrow();
  });
});
