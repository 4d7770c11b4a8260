import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ordersDocument } from './orders-document.js';
import { CommandFolder } from './run-command.js';

const CANARY = 'cAnAry-1f77a0c3';

let folder: CommandFolder;

beforeEach(() => {
  folder = new CommandFolder();
});
afterEach(() => folder.remove());

interface Difference {
  readonly effect: string;
  readonly what: string;
  readonly before?: string;
  readonly after?: string;
}

interface SchemedDocument {
  readonly components: { readonly securitySchemes: Record<string, object> };
}

/** The document, with another security scheme of this name. */
function declaring(name: string, scheme: object): object {
  const document = ordersDocument() as SchemedDocument;
  document.components.securitySchemes[name] = scheme;
  return document;
}

/** What differs, as data, and the exit code. */
async function differences(old: string | object, latest: string | object, ...flags: readonly string[]) {
  folder.write('old', old);
  folder.write('new', latest);
  const { code, stdout, stderr } = await folder.run(['diff', 'old', 'new', '--format', 'json', ...flags]);
  expect(stderr).toBe('');
  return { code, changes: JSON.parse(stdout).changes as readonly Difference[] };
}

describe('diff of two OpenAPI documents', () => {
  const rows: readonly (readonly [operation: string, security: unknown, expected: readonly string[]])[] = [
    ['listOrders', [], ['opens to everybody']],
    ['listOrders', [{ oauth: ['orders:read'] }, { key: [] }, {}], ['opens to everybody']],
    ['listOrders', [{ oauth: [] }, { key: [] }], ['opens']],
    ['listOrders', [{ oauth: ['orders:list'] }, { key: [] }], ['opens']],
    ['listOrders', [{ oauth: ['orders:read'] }], ['closes']],
    ['listOrders', [{ oauth: ['orders:read'], key: [] }], ['closes']],
    ['listOrders', [{ key: [] }, { oauth: ['orders:read'] }], []],
    ['listOrders', [{ key: [] }, { oauth: ['orders:read'] }, { oauth: ['orders:read', 'more'] }], []],
    ['placeOrder', [{ oauth: ['orders:read', 'orders:write'], key: [] }], []],
    ['placeOrder', [{ oauth: ['orders:write', 'orders:read'] }], ['opens']],
    ['placeOrder', [{ key: [] }], ['opens']],
    ['getOrder', [{ oauth: ['orders:read'] }], ['closes']],
    ['health', [{ key: [] }], ['closes']],
  ];

  test('a guard of x-sallyport that is gone opens, a new one closes', async () => {
    const guarded = { ...ordersDocument(), 'x-sallyport': { guards: ['officeHours'] } };
    expect((await differences(guarded, ordersDocument())).changes.map(({ effect }) => effect)).toContain('opens');
    const { code, changes } = await differences(ordersDocument(), guarded);
    expect([code, ...new Set(changes.map(({ effect }) => effect))]).toEqual([0, 'closes']);
  });

  test.each<[before: object, after: object, effect: string]>([
    [{}, { maxVerdictAgeSeconds: 30 }, 'closes'],
    [{ maxVerdictAgeSeconds: 30 }, { maxVerdictAgeSeconds: 0 }, 'closes'],
    [{ maxVerdictAgeSeconds: 0 }, { maxVerdictAgeSeconds: 30 }, 'opens'],
    [{ maxVerdictAgeSeconds: 0 }, {}, 'opens'],
    [{}, { stepUp: { acrValues: ['mfa'] } }, 'closes'],
    [{ stepUp: { acrValues: ['mfa'] } }, {}, 'opens'],
    [{ stepUp: { acrValues: ['mfa'] } }, { stepUp: { acrValues: ['mfa', 'hwk'] } }, 'opens'],
    [{ stepUp: { acrValues: ['mfa', 'hwk'] } }, { stepUp: { acrValues: ['hwk'] } }, 'closes'],
    [{ stepUp: { acrValues: ['mfa'] } }, { stepUp: { acrValues: ['hwk'] } }, 'opens'],
    [{ stepUp: { maxAgeSeconds: 300 } }, { stepUp: { maxAgeSeconds: 60 } }, 'closes'],
    [{ stepUp: { maxAgeSeconds: 60 } }, { stepUp: { maxAgeSeconds: 300 } }, 'opens'],
    [{ stepUp: { maxAgeSeconds: 60 } }, { stepUp: { maxAgeSeconds: 60, acrValues: ['mfa'] } }, 'closes'],
    [{ stepUp: { maxAgeSeconds: 60 } }, { stepUp: { acrValues: ['mfa'] } }, 'opens'],
    [{}, { rateClasses: ['bulk'] }, 'closes'],
    [{ rateClasses: ['bulk'] }, {}, 'opens'],
    [{ rateClasses: ['bulk'] }, { rateClasses: ['calm'] }, 'changes'],
    [{ rateClasses: ['bulk'] }, { rateClasses: ['bulk', 'calm'] }, 'closes'],
    [{ rateClasses: ['bulk', 'calm'] }, { rateClasses: ['slow'] }, 'opens'],
    [{ rateClasses: ['bulk'] }, { rateClasses: ['calm'], roles: ['clerk'] }, 'closes'],
    [{ rateClasses: ['bulk'], roles: ['clerk'] }, { rateClasses: ['calm'] }, 'opens'],
    [{}, { anyScope: ['a'] }, 'closes'],
    [{ anyScope: ['a'] }, { anyScope: ['a', 'b'] }, 'opens'],
  ])('x-sallyport %j and then %j: %s', async (before, after, effect) => {
    const asking = (extension: object) => {
      const document = ordersDocument() as { paths: Record<string, Record<string, object>> };
      Object.assign(document.paths['/orders']?.['get'] as object, { 'x-sallyport': extension });
      return document;
    };
    const { changes } = await differences(asking(before), asking(after));
    expect(changes.map((change) => [change.effect, change.what.split(' ')[0]])).toEqual([[effect, 'listOrders']]);
    expect(await differences(asking(after), asking(after))).toEqual({ code: 0, changes: [] });
  });

  test.each(rows)('%s with the security %j: %j', async (operation, security, expected) => {
    const { code, changes } = await differences(ordersDocument(), ordersDocument({ [operation]: security }));
    expect(changes.map(({ effect }) => effect)).toEqual(expected);
    expect(changes.every(({ what }) => what.startsWith(`${operation} (`))).toBe(true);
    expect(code).toBe(expected.some((effect) => effect.startsWith('opens')) ? 1 : 0);
  });

  const HTTP = { type: 'http', scheme: 'Basic' };
  const OPENID = { type: 'openIdConnect', openIdConnectUrl: 'https://as.example.com' };
  const KEY = { type: 'apiKey', in: 'header', name: 'X-Key' };

  test.each<[before: object, after: object, changes: readonly (readonly [effect: string, member: string])[]]>([
    [KEY, { ...KEY, name: 'X-Other' }, [['changes', 'name']]],
    [KEY, { ...KEY, in: 'query' }, [['changes', 'in']]],
    [KEY, KEY, []],
    [
      KEY,
      HTTP,
      [
        ['may open', 'scheme'],
        ['may open', 'type'],
        ['changes', 'in'],
        ['changes', 'name'],
      ],
    ],
    [HTTP, { ...HTTP, scheme: 'basic' }, []],
    [HTTP, { ...HTTP, scheme: 'bearer' }, [['may open', 'scheme']]],
    [OPENID, { ...OPENID, openIdConnectUrl: 'https://login.example.com' }, [['may open', 'openIdConnectUrl']]],
    [
      HTTP,
      OPENID,
      [
        ['may open', 'openIdConnectUrl'],
        ['may open', 'type'],
        ['changes', 'scheme'],
      ],
    ],
  ])('a scheme that was %j and is %j: %j', async (before, after, expected) => {
    const { changes } = await differences(declaring('key', before), declaring('key', after));
    expect(changes.map(({ effect, what }) => [effect, what.replace('components.securitySchemes.key.', '')])).toEqual(
      expected,
    );
  });

  test('a flow with another address of the authorization server may open, one with the same address changes', async () => {
    const server = 'https://as.example.com';
    const flows = (tokenUrl: string, more: object = {}) => ({
      type: 'oauth2',
      flows: { clientCredentials: { tokenUrl, scopes: { 'orders:read': 'r' } }, ...more },
    });
    const changed = (latest: object) => differences(ordersDocument(), declaring('oauth', latest));
    const place = 'components.securitySchemes.oauth.flows';
    expect(await changed(flows('https://login.example.com/token'))).toEqual({
      code: 1,
      changes: [
        {
          effect: 'may open',
          what: `${place}.clientCredentials.tokenUrl`,
          before: `${server}/token`,
          after: 'https://login.example.com/token',
        },
      ],
    });
    const another = { password: { tokenUrl: `${server}/token`, scopes: {} } };
    expect(await changed(flows(`${server}/token`, another))).toEqual({
      code: 0,
      changes: [{ effect: 'changes', what: `${place}.password.tokenUrl`, after: `${server}/token` }],
    });
  });

  test('descriptions, declared scopes, and schemes that no operation needs are no difference', async () => {
    const flows = { clientCredentials: { tokenUrl: 'https://as.example.com/token', scopes: {} } };
    const told = declaring('oauth', { type: 'oauth2', description: 'of the shop', flows });
    expect(await differences(ordersDocument(), told)).toEqual({ code: 0, changes: [] });
    const unused = (name: string) => declaring('spare', { type: 'apiKey', in: 'header', name });
    expect(await differences(unused('X-One'), unused('X-Two'))).toEqual({ code: 0, changes: [] });
  });

  test('a scheme that is a reference is compared by what it leads to', async () => {
    const leading = (name: string) => {
      const document = declaring('spare', { type: 'apiKey', in: 'header', name }) as SchemedDocument;
      document.components.securitySchemes['key'] = { $ref: '#/components/securitySchemes/spare' };
      return document;
    };
    expect((await differences(leading('X-One'), leading('X-Two'))).changes).toMatchObject([
      { effect: 'changes', what: 'components.securitySchemes.key.name' },
    ]);
  });

  test('another order, another name of an operation or of a parameter is no difference', async () => {
    const renamed = JSON.stringify(ordersDocument())
      .replaceAll('{id}', '{orderId}')
      .replaceAll('getOrder', 'readOrder');
    expect(await differences(ordersDocument(), renamed)).toEqual({ code: 0, changes: [] });
    folder.write('a.json', ordersDocument());
    const { code, stdout } = await folder.run(['diff', 'a.json', 'a.json', '--fail-on', 'any']);
    expect([code, stdout]).toEqual([0, 'Nothing that is enforced differs.\n']);
  });

  test('an operation that is new adds, or opens where it is open to everybody; one that is gone removes', async () => {
    const { paths, ...rest } = ordersDocument() as { paths: Record<string, object> };
    const { '/health': _health, ...others } = paths;
    const without = { ...rest, paths: others };
    expect((await differences(without, ordersDocument())).changes).toMatchObject([{ effect: 'opens to everybody' }]);
    const closed = ordersDocument({ health: [{ key: [] }] });
    expect(await differences(without, closed)).toMatchObject({ code: 0, changes: [{ effect: 'adds', after: 'key' }] });
    expect(await differences(ordersDocument(), without)).toMatchObject({ code: 0, changes: [{ effect: 'removes' }] });
  });

  test('the most dangerous come first', async () => {
    const latest = ordersDocument({
      health: [{ key: [] }],
      getOrder: [{ oauth: [] }, {}],
      placeOrder: [{ key: [] }],
      listOrders: [],
    });
    const { changes } = await differences(ordersDocument(), latest);
    expect(changes.map(({ effect, what }) => [effect, what.split(' ')[0]])).toEqual([
      ['opens to everybody', 'listOrders'],
      ['opens', 'placeOrder'],
      ['changes', 'getOrder'],
      ['closes', 'health'],
    ]);
  });

  test('says what was needed and what is, as text and as Markdown', async () => {
    folder.write('old.json', ordersDocument());
    folder.write('new.json', ordersDocument({ placeOrder: [{ oauth: ['orders:write'] }] }));
    const text = await folder.run(['diff', 'old.json', 'new.json']);
    expect(text).toEqual({
      code: 1,
      stderr: '',
      stdout: `opens: placeOrder (POST /shop/orders)
  before: key and oauth (orders:write orders:read)
  after:  oauth (orders:write)

1 difference, 1 of them open something or may.
`,
    });
    const markdown = await folder.run(['diff', 'old.json', 'new.json', '--format', 'markdown']);
    expect(markdown.stdout).toContain(
      '| **opens** | placeOrder (POST /shop/orders) | key and oauth (orders:write orders:read) | oauth (orders:write) |',
    );
  });

  test('ends as --fail-on says', async () => {
    const [plain, opened, closed] = [
      ordersDocument(),
      ordersDocument({ placeOrder: [{ key: [] }] }),
      ordersDocument({ health: [{ key: [] }] }),
    ];
    const codeOf = async (latest: object, when: string) => (await differences(plain, latest, '--fail-on', when)).code;
    expect([await codeOf(opened, 'opens'), await codeOf(opened, 'any'), await codeOf(opened, 'never')]).toEqual([
      1, 1, 0,
    ]);
    expect([await codeOf(closed, 'opens'), await codeOf(closed, 'any'), await codeOf(closed, 'never')]).toEqual([
      0, 1, 0,
    ]);
  });

  test('of a document that no chain would take, ends with 2 and says which, where and why', async () => {
    folder.write('good.json', ordersDocument());
    folder.write('bad.json', JSON.stringify(ordersDocument()).replace('"security":[],', ''));
    const refused = await folder.run(['diff', 'good.json', 'bad.json']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^sallyport: bad\.json:1:\d+ operation health declares no security .*\n$/);
    expect(await folder.run(['diff', 'good.json', 'bad.json', '--open', 'health'])).toMatchObject({ code: 0 });
  });
});

describe('diff of two configuration files', () => {
  const configuration = (chain: string, options = `clientSecret: '\${SECRET}'`) => `
chain: ${chain}
handlers:
  tokens: { type: introspection, options: { realm: orders, ${options} } }
  partners: { type: jwt, options: { realm: orders } }
`;
  const PLAIN = configuration('{ requirement: tokens }');

  test('compares requirements, and takes no value of the environment', async () => {
    const either = configuration('{ requirement: { anyOf: [tokens, partners] } }');
    const both = configuration('{ requirement: { allOf: [tokens, partners] } }');
    const sameParty = configuration('{ requirement: { allOf: [tokens, partners], sameParty: true } }');
    const optional = configuration('{ requirement: { optional: tokens } }');
    const effects = async (old: string, latest: string) =>
      (await differences(old, latest)).changes.map(({ effect, what }) => `${effect}: ${what}`);
    expect(await effects(PLAIN, either)).toEqual(['opens: requests of no operation']);
    expect(await effects(PLAIN, both)).toEqual(['closes: requests of no operation']);
    expect(await effects(both, sameParty)).toEqual(['closes: requests of no operation']);
    expect(await effects(sameParty, both)).toEqual(['opens: requests of no operation']);
    expect(await effects(PLAIN, optional)).toEqual(['opens to everybody: requests of no operation']);
  });

  test('compares the operations of contracts, and those of a contract with the requirement without one', async () => {
    folder.write('orders.json', ordersDocument());
    const contract = (schemes: string, more = '') =>
      configuration(`{ contract: { document: orders.json, schemes: ${schemes} }${more} }`);
    const strict = contract('{ oauth: tokens, key: { allOf: [tokens, partners] } }');
    const loose = contract('{ oauth: tokens, key: partners }');
    const { changes } = await differences(strict, loose);
    expect(changes.map(({ effect, what }) => [effect, what.split(' ')[0]])).toEqual([['opens', 'listOrders']]);
    const added = contract('{ oauth: tokens, key: partners }', ', requirement: tokens');
    expect((await differences(PLAIN, added)).changes.map(({ effect, what }) => [effect, what.split(' ')[0]])).toEqual([
      ['opens to everybody', 'getOrder'],
      ['opens to everybody', 'health'],
      ['opens', 'listOrders'],
      ['closes', 'placeOrder'],
    ]);
  });

  test('what is done about a contract that is hardly meant lets nobody in, and is no reason to refuse a comparison', async () => {
    folder.write('orders.json', ordersDocument());
    const contract = (doubts: string) =>
      configuration(`{ contract: { document: orders.json, schemes: { oauth: tokens, key: tokens }${doubts} } }`);
    const changes = [{ effect: 'changes', what: 'chain.contract' }];
    expect(await differences(contract(''), contract(', doubts: error'))).toEqual({ code: 0, changes });
  });

  test('compares guards: one less opens, one more closes', async () => {
    const guarded = configuration('{ requirement: tokens, guards: [{ requireScopes: [a, b] }, officeHours] }');
    const closed = await differences(PLAIN, guarded);
    expect(closed.changes).toEqual([
      { effect: 'closes', what: 'chain.guards', after: 'requireScopes(a b)' },
      { effect: 'closes', what: 'chain.guards', after: 'officeHours' },
    ]);
    const opened = await differences(guarded, PLAIN);
    expect([opened.code, opened.changes.map(({ effect }) => effect)]).toEqual([1, ['opens', 'opens']]);
  });

  test('compares options as data: switches that weaken open, what cannot be judged may, and no value is told', async () => {
    const secret = configuration('{ requirement: tokens }', `clientSecret: ${CANARY}`);
    const changed = await differences(PLAIN, secret);
    expect(changed).toEqual({
      code: 1,
      changes: [{ effect: 'may open', what: 'handlers.tokens.options.clientSecret' }],
    });
    const relaxed = configuration('{ requirement: tokens, deadlineMs: 100, firewall: { allowSemicolon: true } }');
    expect((await differences(PLAIN, relaxed)).changes).toEqual([
      { effect: 'may open', what: 'chain.firewall' },
      { effect: 'changes', what: 'chain.deadlineMs' },
    ]);
    const strict = relaxed.replace('true', 'false');
    expect((await differences(strict, relaxed)).changes).toMatchObject([
      { effect: 'opens', what: 'chain.firewall.allowSemicolon' },
    ]);
    expect((await differences(relaxed, strict)).changes).toMatchObject([{ effect: 'closes' }]);
    for (const format of ['text', 'markdown', 'json']) {
      const { stdout, stderr } = await folder.run(['diff', 'old', 'new', '--format', format]);
      expect(stdout + stderr).not.toContain(CANARY);
    }
  });

  test('a handler that is new adds, and one that is gone removes', async () => {
    const more = `${PLAIN}  badges: { type: badge, options: { secret: ${CANARY} } }\n`;
    expect(await differences(PLAIN, more)).toEqual({ code: 0, changes: [{ effect: 'adds', what: 'handlers.badges' }] });
    expect((await differences(more, PLAIN)).changes).toEqual([{ effect: 'removes', what: 'handlers.badges' }]);
  });

  test('ends with 2 and a place where one of them makes no chain, and where the two are of different kinds', async () => {
    folder.write('plain.yaml', PLAIN);
    folder.write('bad.yaml', PLAIN.replace('requirement: tokens', 'requirement: nobody'));
    folder.write('orders.json', ordersDocument());
    const bad = await folder.run(['diff', 'plain.yaml', 'bad.yaml']);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toMatch(
      /^sallyport: bad\.yaml:2:10 chain\.requirement needs the handler "nobody", which is not there/,
    );
    const mixed = await folder.run(['diff', 'plain.yaml', 'orders.json']);
    expect(mixed.stderr).toBe('sallyport: one of the files is an OpenAPI document, the other is none\n');
  });
});
