import { describe, expect, jest, test } from '@jest/globals';
import { anonymous, anyOf, type Requirement, SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { type ContractDoubt, ContractError, type ContractEvent, onContractEvent, openApi } from '@sallyport/openapi';
import { alice, apiKey, bearer, plain, session } from '../chain/scripted-handlers.js';
import { compiled, definition, operation, type Security } from './contract-fixture.js';

const oauth2 = (scopes: readonly string[]) => {
  const described = Object.fromEntries(scopes.map((scope) => [scope, '']));
  return { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://as.example/token', scopes: described } } };
};

/** `GET /a` and `PUT /a` with this security, in a definition that declares these schemes. */
const secured = (security: Security, securitySchemes: object, openapi = '3.0.4') =>
  definition(
    { '/a': { get: operation({ operationId: 'a', security }), put: operation({ operationId: 'b', security }) } },
    { openapi, components: { securitySchemes } },
  );

type Given = readonly [security: Security, declared: object, schemes: Record<string, Requirement>, openapi?: string];

async function doubtsOf([security, declared, schemes, openapi]: Given): Promise<readonly ContractDoubt[]> {
  const doubts = jest.fn<(found: readonly ContractDoubt[]) => void>();
  await compiled(secured(security, declared, openapi), { schemes, doubts });
  return doubts.mock.calls.flatMap(([found]) => found);
}

const key = { type: 'apiKey', in: 'header', name: 'X-Key' };
const http = (scheme: string) => ({ type: 'http', scheme });

describe('contract: what is hardly meant is told at start, once', () => {
  type Row = readonly [name: string, given: Given, kind: ContractDoubt['kind'], pointer: string, problem: RegExp];
  const rows: readonly Row[] = [
    [
      'a scope that its scheme does not declare',
      [[{ O: ['r', 'w'] }], { O: oauth2(['r']) }, { O: bearer() }],
      'scope_undeclared',
      '/paths/~1a/get/security/0/O/1',
      /^operation a needs the scope "w", which the security scheme O does not declare$/,
    ],
    [
      'a scheme that the definition does not declare',
      [[{ O: [] }], {}, { O: bearer() }],
      'scheme_undeclared',
      '/paths/~1a/get/security/0/O',
      /^operation a needs the security scheme O, which the definition does not declare$/,
    ],
    [
      'a handler that no operation needs',
      [[{ K: [] }], { K: key, O: oauth2([]) }, { K: apiKey(), O: bearer() }],
      'handler_unused',
      '/components/securitySchemes/O',
      /^the option schemes has O, which no operation needs$/,
    ],
    [
      'a handler of bearer tokens for passwords',
      [[{ B: [] }], { B: http('basic') }, { B: bearer() }],
      'handler_unfit',
      '/components/securitySchemes/B',
      /^the option schemes has B, but bearer takes no such credential: http basic$/,
    ],
    [
      'a handler of another header for an API key',
      [[{ K: [] }], { K: { ...key, name: 'X-Other' } }, { K: apiKey() }],
      'handler_unfit',
      '/components/securitySchemes/K',
      /apiKey header/,
    ],
    [
      'a handler of API keys for OAuth',
      [[{ O: [] }], { O: oauth2([]) }, { O: apiKey() }],
      'handler_unfit',
      '/components/securitySchemes/O',
      /oauth2/,
    ],
    [
      'a deprecated scheme that an operation needs [OpenAPI 3.2.0 4.27]',
      [[{ K: [] }], { K: { ...key, deprecated: true } }, { K: apiKey() }, '3.2.0'],
      'scheme_deprecated',
      '/paths/~1a/get/security/0/K',
      /^operation a needs the security scheme K, which is deprecated$/,
    ],
    [
      'also where the scheme is a reference to another',
      [[{ L: ['w'] }], { L: { $ref: '#/components/securitySchemes/O' }, O: oauth2(['r']) }, { L: bearer() }],
      'scope_undeclared',
      '/paths/~1a/get/security/0/L/0',
      /the scope "w"/,
    ],
  ];

  test.each(rows)('%s', async (_name, given, kind, pointer, problem) => {
    const problemOf = expect.stringMatching(problem) as unknown as string;
    expect(await doubtsOf(given)).toEqual([{ kind, pointer, problem: problemOf, line: undefined, column: undefined }]);
  });

  const good: readonly (readonly [name: string, given: Given])[] = [
    ['scopes of one of several flows', [[{ O: ['r'] }], { O: oauth2(['r', 'w']) }, { O: bearer() }]],
    [
      'scopes of OpenID Connect, which declares none',
      [[{ O: ['r'] }], { O: { type: 'openIdConnect', openIdConnectUrl: 'https://as.example' } }, { O: bearer() }],
    ],
    ['roles of a kind without scopes [OpenAPI 3.1.1 4.8.30]', [[{ K: ['r'] }], { K: key }, { K: apiKey() }, '3.1.1']],
    ['a scheme in capitals (RFC 9110 11.1)', [[{ H: [] }], { H: http('BEARER') }, { H: bearer() }]],
    ['one of several handlers that fits', [[{ K: [] }], { K: key }, { K: anyOf(apiKey(), session()) }]],
    ['a scheme that everybody satisfies', [[{ K: [] }], { K: key }, { K: anonymous() }]],
    [
      'a deprecated scheme that nobody needs',
      [[{ K: [] }], { K: key, L: { ...key, deprecated: true } }, { K: apiKey() }, '3.2.0'],
    ],
    [
      'the URI of a scheme [OpenAPI 3.2.0 4.30]',
      [[{ '#/components/securitySchemes/O': ['r'] }], { O: oauth2(['r']) }, { O: bearer() }, '3.2.0'],
    ],
    [
      'the device flow and the address of metadata [OpenAPI 3.2.0 4.29]',
      [
        [{ O: ['r'] }],
        {
          O: {
            type: 'oauth2',
            oauth2MetadataUrl: 'https://as.example/.well-known/oauth-authorization-server',
            flows: {
              deviceAuthorization: {
                deviceAuthorizationUrl: 'https://as.example/device',
                tokenUrl: 'https://as.example/token',
                scopes: { r: 'read' },
              },
            },
          },
        },
        { O: bearer() },
        '3.2.0',
      ],
    ],
  ];

  test.each(good)('not doubted: %s', async (_name, given) => {
    expect(await doubtsOf(given)).toEqual([]);
  });

  test.each<[name: string, security: Security, extension: object, pointers: readonly string[]]>([
    ['that the only scheme of the operation lacks', [{ O: [] }], { anyScope: ['r', 'w'] }, ['/x-sallyport/anyScope/1']],
    ['that both of its schemes lack', [{ O: [], P: [] }], { anyScope: ['x'] }, ['/x-sallyport/anyScope/0']],
    ['that another of its schemes declares', [{ O: [] }, { P: [] }], { anyScope: ['r', 'w'] }, []],
    ['that a scheme without scopes may prove', [{ O: [] }, { K: [] }], { anyScope: ['w'] }, []],
  ])('a scope of anyScope %s', async (_name, security, extension, pointers) => {
    const declared = { O: oauth2(['r']), P: oauth2(['w']), K: key };
    const document = { ...secured(security, declared), 'x-sallyport': extension };
    const found: ContractDoubt[] = [];
    const schemes = { O: bearer(), P: bearer(), K: apiKey() };
    const used = Object.fromEntries(Object.entries(schemes).filter(([name]) => security.some((each) => name in each)));
    await compiled(document, { schemes: used, doubts: (doubts) => found.push(...doubts) });
    expect(found.map(({ kind, pointer }) => [kind, pointer])).toEqual(
      pointers.map((pointer) => ['scope_undeclared', pointer]),
    );
    const lacking = /^operation a needs the scope "[wx]", which none of its security schemes declares$/;
    for (const { problem } of found) expect(problem).toMatch(lacking);
  });

  test('a scope of anyScope is told where it stands: at the operation, its path, or the definition', async () => {
    const asking = { 'x-sallyport': { anyScope: ['w'] } };
    const paths = {
      '/a': { get: operation({ operationId: 'a', ...asking }) },
      '/b': { ...asking, get: operation({ operationId: 'b' }) },
    };
    const document = definition(paths, { security: [{ oauth: [] }] });
    const pointersOf = async (given: typeof document) => {
      const found: ContractDoubt[] = [];
      await compiled(given, { schemes: { oauth: bearer() }, doubts: (doubts) => found.push(...doubts) });
      return found.map(({ pointer }) => pointer);
    };
    expect(await pointersOf(document)).toEqual(['/paths/~1a/get/x-sallyport/anyScope/0']);
    const { '/b': ofPath } = paths;
    expect(await pointersOf({ ...document, paths: { '/b': ofPath } })).toEqual(['/paths/~1b/x-sallyport/anyScope/0']);
  });

  const twice: Given = [[{ O: ['x'] }], { O: oauth2([]) }, { O: bearer(), K: apiKey() }];

  test('by one process warning, which says where', async () => {
    const [security, declared, schemes] = twice;
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
    await openApi(JSON.stringify(secured(security, declared)), { schemes });
    expect(warned.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^the definition has 2 doubtful places\n {2}#\/paths\/~1a\/get\/security\/0\/O\/0 \(line 1, column \d+\): operation a .*\n {2}the option/,
        ),
        'SallyportWarning',
      ],
    ]);
    warned.mockRestore();
  });

  test('as an error, if the option says so', async () => {
    const [security, declared, schemes] = twice;
    const start = compiled(secured(security, declared), { schemes, doubts: 'error' });
    await expect(start).rejects.toBeInstanceOf(ContractError);
    await expect(start).rejects.toMatchObject({ faults: [{ kind: 'scope_undeclared' }, { kind: 'handler_unused' }] });
  });

  test('a reference of a scheme that leads nowhere is an error', async () => {
    for (const target of ['#/components/securitySchemes/K', '#/components/securitySchemes/__proto__']) {
      const start = compiled(secured([{ K: [] }], { K: { $ref: target } }), { schemes: { K: apiKey() } });
      await expect(start).rejects.toMatchObject({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' });
    }
  });
});

describe('contract: who uses a deprecated scheme is told as an event [OpenAPI 3.2.0 4.27]', () => {
  const chainOf = async (scopes: readonly string[]) => {
    const declared = { Old: { ...oauth2(['r']), deprecated: true }, K: key };
    const schemes = { Old: bearer(alice({ scopes })), K: apiKey() };
    const operations = await compiled(secured([{ Old: ['r'] }, { K: [] }], declared, '3.2.0'), { schemes });
    return new SecurityChain({ operations });
  };
  const TOKEN = { bearer: 'token' };
  const KEY = { headers: { 'X-Key': 'k' } };

  test.each([
    ['it is used', ['r'], TOKEN, 200, 1],
    ['it lacks a scope', [], TOKEN, 403, 0],
    ['another one is used', ['r'], KEY, 200, 0],
    ['nothing is sent', ['r'], {}, 401, 0],
  ])('%s', async (_name, scopes, sent, status, times) => {
    const events: ContractEvent[] = [];
    const stop = onContractEvent((event) => events.push(event));
    expect((await ask(await chainOf(scopes), 'GET /a', sent)).status).toBe(status);
    stop();
    const principal = { kind: 'user', issuer: undefined, subject: 'alice', clientId: undefined };
    expect(events).toEqual(Array(times).fill({ kind: 'deprecated_scheme_used', scheme: 'Old', principal }));
  });

  test('and nobody is needed who hears of it', async () => {
    expect((await ask(await chainOf(['r']), 'GET /a', TOKEN)).status).toBe(200);
  });
});

describe('contract: a definition that names itself [OpenAPI 3.2.0 4.1.1]', () => {
  const item = { get: operation({ security: [{ plain: [] }] }) };
  const named = ($self: string, $ref: string) =>
    definition({ '/a': { $ref } }, { openapi: '3.2.0', $self, components: { pathItems: { a: item } } });

  test.each([
    ['https://api.example/v1.yaml', 'https://api.example/v1.yaml#/components/pathItems/a'],
    ['https://api.example/v1.yaml', 'v1.yaml#/components/pathItems/a'],
    ['/v1.yaml', './v1.yaml#/components/pathItems/a'],
    ['https://api.example/v1.yaml', '#/components/pathItems/a'],
  ])('%s is meant by %s', async ($self, $ref) => {
    const { operations } = await compiled(named($self, $ref), { schemes: { plain: plain('plain') } });
    expect(operations.map(({ id }) => id)).toEqual(['GET /a']);
  });

  test.each([
    'https://other.example/v1.yaml#/components/pathItems/a',
    'v2.yaml#/components/pathItems/a',
    'https://api.example/v1.yaml#/components/pathItems/b',
  ])('%s is not', async ($ref) => {
    const start = compiled(named('https://api.example/v1.yaml', $ref), { schemes: { plain: plain('plain') } });
    await expect(start).rejects.toMatchObject({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' });
  });
});
