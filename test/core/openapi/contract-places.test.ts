import { describe, expect, test } from '@jest/globals';
import { ContractError, type OpenApiDocument } from '@sallyport/openapi';
import { ParsedText } from '@sallyport/openapi/extend';
import { compiled, definition, operation } from './contract-fixture.js';

async function errorOf(document: OpenApiDocument | string, options: object = {}): Promise<ContractError> {
  try {
    await compiled(document, options);
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const text = (...lines: readonly string[]) => `${lines.join('\n')}\n`;

const HEAD = [
  'openapi: 3.0.4',
  'info: { title: t, version: "1" }',
  'components:',
  '  securitySchemes:',
  '    oauth: { type: http, scheme: bearer }',
];
const RESPONSES = 'responses: { 200: { description: fine } }';
/** Stands where a secret could stand. */
const CANARY = 'cAnAry-5e3f9b1c7d24';

describe('contract: an error says where the fault stands [RFC 6901]', () => {
  type Row = readonly [name: string, lines: readonly string[], pointer: string, place: string];
  const rows: readonly Row[] = [
    [
      'a scheme without a handler',
      ['paths:', '  /a:', '    get:', '      security:', '        - saml: []', `      ${RESPONSES}`],
      '/paths/~1a/get/security/0/saml',
      '10:11',
    ],
    [
      'a scope that is none, in a list',
      ['paths:', '  /a:', `    get: { security: [{ oauth: [r, "a b"] }], ${RESPONSES} }`],
      '/paths/~1a/get/security/0/oauth/1',
      '8:36',
    ],
    [
      'an operation without security',
      ['paths:', '  /a/{id~}:', '    post:', `      ${RESPONSES}`],
      '/paths/~1a~1{id~0}/post',
      '8:5',
    ],
    [
      'what all operations inherit',
      ['security: [{ saml: [] }]', 'paths:', `  /a: { get: { ${RESPONSES} } }`],
      '/security/0/saml',
      '6:14',
    ],
    [
      'a member of the wrong kind',
      ['paths:', '  /a:', '    get:', '      security: oauth', `      ${RESPONSES}`],
      '/paths/~1a/get/security',
      '9:7',
    ],
    ['a member that is missing', ['paths:', '  /a:', '    get: { security: [] }'], '/paths/~1a/get', '8:5'],
    ['a member that does not exist', ['paths: {}', 'servres: []'], '', '1:1'],
    [
      'a reference to nothing',
      [
        'paths:',
        '  /a:',
        '    get:',
        '      security: []',
        '      responses:',
        "        200: { $ref: '#/components/responses/Fine' }",
      ],
      '/paths/~1a/get/responses/200/$ref',
      '11:16',
    ],
    ['a reference to another document', ['paths:', "  /a: { $ref: 'a.yaml#/x' }"], '/paths/~1a/$ref', '7:9'],
    ['a path that refers to itself', ['paths:', "  /a: { $ref: '#/paths/~1a' }"], '/paths/~1a', '7:3'],
    [
      'the second operation of one name',
      [
        'security: []',
        'paths:',
        `  /a: { get: { operationId: x, ${RESPONSES} } }`,
        `  /b: { get: { operationId: x, ${RESPONSES} } }`,
      ],
      '/paths/~1b/get',
      '9:9',
    ],
    [
      'a template that no router has',
      ['security: []', 'paths:', `  /a/{}: { get: { ${RESPONSES} } }`],
      '/paths/~1a~1{}/get',
      '8:12',
    ],
  ];

  test.each(rows)('%s', async (_name, lines, pointer, place) => {
    const { faults, message } = await errorOf(text(...HEAD, ...lines));
    const places = faults.map((fault) => [fault.pointer, `${fault.line}:${fault.column}`]);
    expect(places).toContainEqual([pointer, place]);
    expect(message).toContain(`line ${place.replace(':', ', column ')}`);
  });

  test('also where an alias of YAML stands before it', async () => {
    const lines = [
      'x-item: &item',
      '  get:',
      '    security: [{ saml: [] }]',
      `    ${RESPONSES}`,
      'paths:',
      '  /a: *item',
    ];
    const { faults } = await errorOf(text(...HEAD, ...lines));
    expect(faults).toMatchObject([{ pointer: '/paths/~1a/get/security/0/saml', line: 8, column: 18 }]);
  });

  test('by its pointer alone, if the definition is data', async () => {
    const error = await errorOf(definition({ '/a': { get: operation() } }));
    expect(error.faults).toMatchObject([{ pointer: '/paths/~1a/get', line: undefined, column: undefined }]);
    expect(error.message).toMatch(/^#\/paths\/~1a\/get: operation GET \/a declares no security/);
  });

  test('where the path item stands that a path refers to [OpenAPI 3.1.1 4.8.9.1]', async () => {
    const components = { pathItems: { a: { get: operation({ security: [{ saml: [] }] }) } } };
    const document = definition({ '/a': { $ref: '#/components/pathItems/a' } }, { openapi: '3.1.1', components });
    expect((await errorOf(document)).faults).toMatchObject([
      { pointer: '/components/pathItems/a/get/security/0/saml' },
    ]);
  });
});

describe('contract: all faults are told at once', () => {
  test('in the order of the definition, each in a line', async () => {
    const lines = [
      'paths:',
      '  /a:',
      `    get: { security: [{ saml: [] }, { oauth: ["a b"] }], ${RESPONSES} }`,
      `    put: { ${RESPONSES} }`,
      '  /b{c}d}:',
      `    get: { security: [], ${RESPONSES} }`,
    ];
    const { faults, message } = await errorOf(text(...HEAD, ...lines));
    expect(faults.map(({ pointer }) => pointer)).toEqual([
      '/paths/~1a/get/security/0/saml',
      '/paths/~1a/get/security/1/oauth/0',
      '/paths/~1a/put',
      '/paths/~1b{c}d}/get',
    ]);
    expect(message.split('\n')).toHaveLength(5);
    expect(message).toMatch(/^the definition has 4 faults\n {2}#\/paths\/~1a\/get\/security\/0\/saml \(line 8, /);
  });

  test('those of its shape, with the innermost part that is wrong', async () => {
    const paths = {
      '/a': { get: { security: [], responses: { 200: { description: 7 } } } },
      '/b': { get: operation({ security: [], parameters: [{ name: 'q', in: 'nowhere' }] }) },
    };
    const pointers = (await errorOf(definition(paths))).faults.map(({ pointer }) => pointer);
    expect(new Set(pointers)).toEqual(
      new Set(['/paths/~1a/get/responses/200/description', '/paths/~1b/get/parameters/0/in']),
    );
  });

  test('a fault that many operations inherit is told once', async () => {
    const paths = Object.fromEntries([1, 2, 3].map((n) => [`/a${n}`, { get: operation() }]));
    const { faults } = await errorOf(definition(paths, { security: [{ oauth: ['a b'] }] }));
    expect(faults.length).toBe(1);
  });

  test('a message tells twenty of them, and `faults` has all', async () => {
    const paths = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`/a${n}`, { get: operation() }]));
    const { faults, message } = await errorOf(definition(paths));
    expect(faults).toHaveLength(50);
    expect(message.split('\n')).toHaveLength(22);
    expect(message).toMatch(/\n {2}and 30 more$/);
  });
});

describe('contract: an error quotes no value that could be a secret', () => {
  const rows: readonly (readonly [name: string, document: OpenApiDocument | string])[] = [
    ['a broken text', `openapi: 3.0.4\nkey: "${CANARY}\nother: [`],
    ['a text that is no document', CANARY],
    ['an unknown tag', `openapi: !${CANARY} 3.0.4`],
    ['a scope', definition({ '/a': { get: operation({ security: [{ oauth: [`${CANARY} x`] }] }) } })],
    ['a value of the wrong kind', definition({ '/a': { get: operation({ security: CANARY }) } })],
    [
      'a value that is not one of those known',
      definition({ '/a': { get: operation({ parameters: [{ in: CANARY }] }) } }),
    ],
    ['a member that does not exist', definition({}, { [`${CANARY}-0123456789`]: 1 })],
    ['a version', definition({}, { openapi: CANARY })],
    ['an id in the option open', definition({})],
  ];

  test.each(rows)('%s', async (_name, document) => {
    const error = await errorOf(document, { open: [`${CANARY}-0123456789`] });
    expect(`${error.message} ${JSON.stringify(error.faults.map(({ problem }) => problem))}`).not.toContain(CANARY);
  });

  test('and no key of a definition makes a line of its own [CWE-117]', async () => {
    const { message } = await errorOf(definition({ '/a\n500 operations granted\u2028': { get: operation() } }));
    expect(message.split(/[\n\r\u2028]/)).toHaveLength(1);
  });

  test('and nothing long: pointer and problem are cut', async () => {
    const { message } = await errorOf(definition({ [`/${'a'.repeat(5_000)}`]: { get: operation() } }));
    expect(message.length).toBeLessThan(1_000);
  });
});

describe('the place of a member in a text', () => {
  test('a text that is nested too deeply for the parser is refused as such', async () => {
    const deep = Array.from({ length: 3_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
    await expect(compiled(deep)).rejects.toMatchObject({ code: 'ERR_SALLYPORT_CONTRACT_INVALID' });
  });

  const yaml = text('a: &a', '  - b: 1', '  - { c: 2, "d.e": 3 }', 'f: *a', '7: { g: null }');
  const rows: readonly (readonly [way: readonly string[], place: string])[] = [
    [[], '1:1'],
    [['a'], '1:1'],
    [['a', '1'], '3:5'],
    [['a', '1', 'd.e'], '3:13'],
    [['f', '0', 'b'], '2:5'],
    [['7', 'g'], '5:6'],
    [['7', 'h', 'i'], '5:1'],
    [['a', '9'], '1:1'],
    [['a', '1', 'c', 'x'], '3:7'],
    [['nothing'], '1:1'],
  ];

  test.each(rows)('%j', async (way, place) => {
    const { line, column } = (await ParsedText.of(yaml)).placeOf(way);
    expect(`${line}:${column}`).toBe(place);
  });
});
