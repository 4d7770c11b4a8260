import { describe, expect, test } from '@jest/globals';
import {
  authenticated,
  createPrincipal,
  forbidden,
  type PrincipalInit,
  rateLimit,
  SecurityChain,
} from '@sallyport/core';
import { ABSTAINED } from '@sallyport/core/extend';
import { type Answer, ask, ManualClock } from '@sallyport/core/testing';
import { type OpenApiOptions, openApi } from '@sallyport/openapi';
import { extensionOptions } from '@sallyport/openapi/extend';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { cases } from '../../support/random-cases.js';
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
    ['a scope that is none', { anyScope: ['a b'] }, /x-sallyport.anyScope\[0\] must be a scope-token/],
    ['a step-up that is no object', { stepUp: 'mfa' }, /x-sallyport.stepUp must be an object/],
    ['a class of two words', { stepUp: { acrValues: ['a b'] } }, /stepUp.acrValues\[0\] must be printable ASCII/],
    ['no class', { stepUp: { acrValues: [] } }, /stepUp.acrValues must name at least one/],
    [
      'an unknown member of a step-up',
      { stepUp: { maxAge: 5 } },
      /stepUp has no option "maxAge"; it has acrValues, maxAgeSeconds/,
    ],
    ['an age of no time', { stepUp: { maxAgeSeconds: 0 } }, /stepUp.maxAgeSeconds must be a number from 1/],
    ['a rate class that is no list', { rateClasses: 'bulk' }, /x-sallyport.rateClasses must be an array/],
    ['an unknown rate class', { rateClasses: ['bulk'] }, /the option rateClasses has no rate class "bulk"/],
    ['an age that is none', { maxVerdictAgeSeconds: -1 }, /maxVerdictAgeSeconds must be a number from 0 to 86400/],
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

  test('and so is an unknown rate class', async () => {
    const faults = (levels: readonly unknown[]) =>
      chainOf(levels, []).catch(({ faults: [fault] }: { faults: readonly { pointer: string }[] }) => fault?.pointer);
    expect(await faults([{ rateClasses: ['nobody'] }])).toBe('/paths/~1a/get/x-sallyport/rateClasses/0');
    expect(await faults([undefined, undefined, { rateClasses: ['nobody'] }])).toBe('/x-sallyport/rateClasses/0');
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

describe('contract: what x-sallyport asks for beside roles', () => {
  const clock = new ManualClock();
  const NOW = clock.now() / 1_000;

  /** `GET /a`, for a caller with these members. */
  async function answerTo(
    levels: readonly unknown[],
    init: Partial<PrincipalInit>,
    more: Partial<OpenApiOptions> = {},
  ): Promise<Answer> {
    const [ofOperation, ofPath, ofDocument] = levels.map((level) => (level === undefined ? {} : ext(level)));
    const paths = { '/a': { ...ofPath, get: operation({ ...ofOperation, security: [{ oauth: [] }] }) } };
    const via = [{ handler: 'bearer', scheme: 'bearer' }];
    const oauth = bearer(authenticated(createPrincipal({ subject: 'alice', via, ...init })));
    const options = { schemes: { oauth }, doubts: () => {}, ...more };
    const operations = await openApi(JSON.stringify(definition(paths, ofDocument)), options, { clock });
    return ask(new SecurityChain({ operations }), 'GET /a', TOKEN);
  }

  test.each<[string, readonly unknown[], Partial<PrincipalInit>, number]>([
    ['one of several scopes: the one', [{ anyScope: ['a', 'b'] }], { scopes: ['b'] }, 200],
    ['one of several scopes: none', [{ anyScope: ['a', 'b'] }], { scopes: ['c'] }, 403],
    ['an empty list of scopes takes back', [{ anyScope: [] }, undefined, { anyScope: ['a'] }], {}, 200],
    ['a class: the one', [{ stepUp: { acrValues: ['mfa'] } }], { acr: 'mfa' }, 200],
    ['a class: another', [{ stepUp: { acrValues: ['mfa'] } }], { acr: 'pwd' }, 401],
    ['a login: in time', [{ stepUp: { maxAgeSeconds: 60 } }], { authenticatedAt: NOW - 60 }, 200],
    ['a login: too long ago', [{ stepUp: { maxAgeSeconds: 60 } }], { authenticatedAt: NOW - 61 }, 401],
    ['a step-up of the path', [undefined, { stepUp: { acrValues: ['mfa'] } }], {}, 401],
    [
      'a step-up as a whole goes before another',
      [{ stepUp: { maxAgeSeconds: 60 } }, { stepUp: { acrValues: ['mfa'] } }],
      { authenticatedAt: NOW },
      200,
    ],
    ['an empty step-up takes back', [{ stepUp: {} }, undefined, { stepUp: { acrValues: ['mfa'] } }], {}, 200],
  ])('%s', async (_name, levels, init, status) => {
    expect((await answerTo(levels, init)).status).toBe(status);
  });

  test('a challenge names what is asked for [RFC 9470 3, RFC 6750 3.1]', async () => {
    const { challenges } = await answerTo([{ stepUp: { acrValues: ['mfa', 'hwk'], maxAgeSeconds: 60 } }], {});
    expect(challenges[0]).toContain('acr_values="mfa hwk", max_age="60"');
    expect((await answerTo([{ anyScope: ['a', 'b'] }], {})).challenges[0]).toContain('scope="a"');
  });

  test('the metadata of the resource name every scope that would do [RFC 9728 2]', async () => {
    const get = operation({ ...ext({ anyScope: ['a', 'b'] }), security: [{ oauth: [] }] });
    const operations = await compiled(definition({ '/a': { get } }), { schemes: { oauth: bearer() } });
    const resource = { identifier: 'https://api.example', authorizationServers: ['https://as.example'] };
    const chain = new SecurityChain({ operations, resource });
    const published = chain.published('GET', '/.well-known/oauth-protected-resource');
    expect(JSON.parse(published?.body ?? '')).toMatchObject({ scopes_supported: ['a', 'b'] });
  });

  test('rate classes limit, before any other guard is asked', async () => {
    let asked = 0;
    const rateClasses = { bulk: rateLimit({ name: 'bulk', limit: 1, windowSeconds: 60, by: 'everybody' }, { clock }) };
    const guards = {
      counted: () => {
        asked += 1;
        return true;
      },
    };
    const options = { rateClasses, guards };
    const levels = [{ rateClasses: ['bulk'], guards: ['counted'] }];
    expect((await answerTo(levels, {}, options)).status).toBe(200);
    expect(await answerTo(levels, {}, options)).toMatchObject({ status: 429, reason: 'rate_limited' });
    expect(asked).toBe(1);
    expect((await answerTo([{ rateClasses: [] }, undefined, { rateClasses: ['bulk'] }], {}, options)).status).toBe(200);
  });

  test.each([
    ['a limit', () => rateLimit({ name: 'bulk', limit: 9, windowSeconds: 60, by: 'everybody' }, { clock })],
    ['a guard of the application', () => () => true],
  ])('a rate class opens nothing that other guards leave closed: %s', async (_what, bulk) => {
    const options = { rateClasses: { bulk: bulk() }, guards: { owner: () => ABSTAINED } };
    const closed = { status: 403, reason: 'all_guards_abstained' };
    expect(await answerTo([{ guards: ['owner'] }], {}, options)).toMatchObject(closed);
    expect(await answerTo([{ guards: ['owner'], rateClasses: ['bulk'] }], {}, options)).toMatchObject(closed);
    expect((await answerTo([{ rateClasses: ['bulk'] }], {}, options)).status).toBe(200);
  });

  test('the age of verdicts is that of the nearest, and the longest takes it back', async () => {
    const ageOf = async (...levels: readonly unknown[]) => {
      const [ofOperation, ofPath, ofDocument] = levels.map((level) => (level === undefined ? {} : ext(level)));
      const paths = { '/a': { ...ofPath, get: operation({ ...ofOperation, security: [{ oauth: [] }] }) } };
      const { operations } = await compiled(definition(paths, ofDocument), { schemes: { oauth: bearer() } });
      return operations[0]?.maxVerdictAgeSeconds;
    };
    const [none, some] = [{ maxVerdictAgeSeconds: 0 }, { maxVerdictAgeSeconds: 30 }];
    expect(await ageOf({}, {}, {})).toBeUndefined();
    expect(await ageOf(none, some, some)).toBe(0);
    expect(await ageOf(undefined, some, none)).toBe(30);
    expect(await ageOf(undefined, undefined, none)).toBe(0);
    expect(await ageOf({ maxVerdictAgeSeconds: 86_400 }, undefined, none)).toBe(86_400);
  });

  test.each([
    ['stepUp', { acrValues: ['mfa'] }, {}],
    ['anyScope', ['a'], []],
  ])('refused: %s of an operation that is open to everybody', async (member, asked, back) => {
    const open = (extension: object) => ({
      '/a': { get: operation({ operationId: 'a', security: [], ...extension }) },
    });
    await expect(compiled(definition(open({}), ext({ [member]: asked })))).rejects.toThrow(
      new RegExp(`operation a is open to everybody, but x-sallyport asks for ${member}`),
    );
    const taken = open(ext({ [member]: back }));
    await expect(compiled(definition(taken, ext({ [member]: asked })))).resolves.toBeDefined();
  });

  test('for the nearest of three levels, whatever each of them says', async () => {
    const level = fc.option(
      fc.record(
        {
          anyScope: fc.subarray(['a', 'b', 'c']),
          stepUp: fc.constantFrom({}, { acrValues: ['mfa'] }, { acrValues: ['mfa', 'hwk'] }),
        },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    );
    const caller = fc.record({ scopes: fc.subarray(['a', 'b']), acr: fc.constantFrom(undefined, 'mfa', 'hwk') });
    await fc.assert(
      fc.asyncProperty(level, level, level, caller, async (own, path, whole, { scopes, acr }) => {
        const nearest = [own, path, whole];
        const anyScope = nearest.find((each) => each?.anyScope !== undefined)?.anyScope ?? [];
        const { acrValues } = (nearest.find((each) => each?.stepUp !== undefined)?.stepUp ?? {}) as {
          acrValues?: string[];
        };
        const hasScope = anyScope.length === 0 || anyScope.some((scope) => scopes.includes(scope));
        const hasClass = acrValues === undefined || (acr !== undefined && acrValues.includes(acr));
        const { status } = await answerTo(nearest, { scopes, acr });
        expect(status).toBe(!hasScope ? 403 : hasClass ? 200 : 401);
      }),
      cases(60),
    );
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
    [{ anyScope: ['a'], stepUp: { acrValues: ['mfa'], maxAgeSeconds: 60 }, rateClasses: ['bulk'] }, true],
    [{ stepUp: {}, maxVerdictAgeSeconds: 0 }, true],
    [{ stepUp: { acrValues: [] } }, false],
    [{ stepUp: { acrValues: ['a b'] } }, false],
    [{ stepUp: { maxAgeSeconds: 0 } }, false],
    [{ stepUp: { maxAge: 60 } }, false],
    [{ maxVerdictAgeSeconds: 86_401 }, false],
    [{ rateClasses: 'bulk' }, false],
  ])('%j: %s, as the contract says', (extension, holds) => {
    expect(validate(extension)).toBe(holds);
    const check = () => extensionOptions(extension, 'x-sallyport');
    if (holds) expect(check()).toBeDefined();
    else expect(check).toThrow();
  });
});
