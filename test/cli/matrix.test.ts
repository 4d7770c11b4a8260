import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ordersDocument } from './orders-document.js';
import { CommandFolder } from './run-command.js';

let folder: CommandFolder;

beforeEach(() => {
  folder = new CommandFolder();
});
afterEach(() => folder.remove());

const matrix = (...flags: readonly string[]) => folder.run(['matrix', 'orders.json', ...flags]);

describe('matrix', () => {
  test('prints each way to be let in as a row, each scheme as a column, and who needs nothing', async () => {
    folder.write('orders.json', ordersDocument());
    const { code, stdout, stderr } = await matrix();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`| operation | method | path | callers | oauth | key |
|---|---|---|---|---|---|
| listOrders | GET | \`/shop/orders\` | proved | orders:read |  |
| or |  |  | proved |  | yes |
| placeOrder | POST | \`/shop/orders\` | proved | orders:write orders:read | yes |
| getOrder | GET | \`/shop/orders/{id}\` | proved | orders:read |  |
| or |  |  | **ANONYMOUS** |  |  |
| health | GET | \`/shop/health\` | **ANONYMOUS** |  |  |

4 operations, 2 of them open to everybody.
`);
  });

  test('says what is enforced, not what the document says: with one scope of several, without a base path', async () => {
    folder.write('orders.json', ordersDocument());
    const { stdout } = await matrix('--scopes', 'any', '--base-path', '/');
    expect(stdout).toContain('| placeOrder | POST | `/orders` | proved | one of orders:write orders:read | yes |');
  });

  test('follows a change of the document with no other edit', async () => {
    folder.write('orders.json', ordersDocument({ health: [{ oauth: ['ops'] }] }));
    const { stdout } = await matrix();
    expect(stdout).toContain('| health | GET | `/shop/health` | proved | ops |  |');
    expect(stdout).toContain('4 operations, 1 of them open to everybody.');
  });

  test('names the roles and the guards that x-sallyport asks for', async () => {
    const document = ordersDocument() as { paths: Record<string, Record<string, object>> };
    const asked = { 'x-sallyport': { anyRole: ['manager', 'owner'], guards: ['freshLogin'] } };
    Object.assign(document.paths['/orders']?.['post'] as object, asked);
    folder.write('orders.json', { ...document, 'x-sallyport': { guards: ['officeHours'] } });
    const { code, stdout, stderr } = await matrix('--format', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const { operations } = JSON.parse(stdout) as { operations: readonly { operation: string; guards: unknown }[] };
    expect(Object.fromEntries(operations.map(({ operation, guards }) => [operation, guards]))).toEqual({
      listOrders: ['officeHours'],
      placeOrder: ['requireRoles(manager | owner)', 'freshLogin'],
      getOrder: ['officeHours'],
      health: ['officeHours'],
    });
  });

  test('prints scopes of which one is enough, step-ups, rate classes and the age of verdicts', async () => {
    const document = ordersDocument() as { paths: Record<string, Record<string, object>> };
    const asked = {
      anyScope: ['orders:write', 'orders:all'],
      stepUp: { acrValues: ['mfa'], maxAgeSeconds: 300 },
      rateClasses: ['bulk'],
      maxVerdictAgeSeconds: 0,
    };
    Object.assign(document.paths['/orders']?.['post'] as object, { 'x-sallyport': asked });
    Object.assign(document.paths['/orders']?.['get'] as object, { 'x-sallyport': { maxVerdictAgeSeconds: 30 } });
    folder.write('orders.json', document);
    const guards = [
      'rate class bulk',
      'requireScopes(orders:write | orders:all)',
      'requireAuthentication(mfa within 300 s)',
    ];
    const { stdout } = await matrix();
    expect(stdout).toContain(`${guards.join(', ').replaceAll('|', '\\|')} | nothing remembered |`);
    expect(stdout).toContain('| remembered for less than 30 s |');
    const data = JSON.parse((await matrix('--format', 'json')).stdout);
    expect(data.operations[1]).toMatchObject({ guards, maxVerdictAgeSeconds: 0 });
    expect((await matrix('--format', 'csv')).stdout).toContain(`,${guards.join('; ')},nothing remembered`);
  });

  test('as JSON holds all of it as data', async () => {
    folder.write('orders.json', ordersDocument());
    const { stdout } = await matrix('--format', 'json');
    const { schemes, operations } = JSON.parse(stdout);
    expect(schemes).toEqual(['oauth', 'key']);
    expect(operations).toHaveLength(4);
    expect(operations[1]).toEqual({
      operation: 'placeOrder',
      method: 'POST',
      path: '/shop/orders',
      anonymous: false,
      ways: [
        {
          proofs: ['key', 'oauth'],
          scopes: [{ scopes: ['orders:write', 'orders:read'], match: 'all', by: ['oauth'] }],
          sameParty: false,
        },
      ],
      guards: [],
    });
    expect(operations[3]).toMatchObject({ operation: 'health', anonymous: true, ways: [{ proofs: [] }] });
  });

  test('as CSV holds no formula (RFC 4180, CWE-1236)', async () => {
    const document = JSON.stringify(ordersDocument()).replaceAll('listOrders', '=HYPERLINK(\\"a\\",1)');
    folder.write('orders.json', document);
    const { stdout } = await matrix('--format', 'csv');
    expect(stdout.split('\r\n').slice(0, 3)).toEqual([
      'operation,method,path,way,scheme,scopes,guards,verdicts',
      `"'=HYPERLINK(""a"",1)",GET,/shop/orders,1,oauth,orders:read,,`,
      `"'=HYPERLINK(""a"",1)",GET,/shop/orders,2,key,,,`,
    ]);
  });

  test('prints no control character of a document, and no cell that ends early (CWE-150)', async () => {
    const document = JSON.stringify(ordersDocument()).replaceAll('listOrders', 'list|Orders\\u001b[2J');
    folder.write('orders.json', document);
    const { stdout } = await matrix();
    expect(stdout).toContain('| list\\|Orders?[2J | GET |');
    folder.write('orders.json', document.replaceAll('\\u001b', '\u009b'));
    for (const format of ['markdown', 'json', 'csv'])
      expect((await matrix('--format', format)).stdout).not.toMatch(/\u009b/);
    expect(JSON.parse((await matrix('--format', 'json')).stdout).operations[0].operation).toBe('list|Orders\u009b[2J');
  });

  test('of a document that no chain would take, ends with 2 and says why', async () => {
    folder.write('orders.json', JSON.stringify(ordersDocument()).replace('"security":[],', ''));
    const refused = await matrix();
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^sallyport: orders\.json:1:\d+ operation health declares no security .*\n$/);
    expect((await matrix('--open', 'health')).stdout).toContain('| health | GET | `/shop/health` | **ANONYMOUS** |');
  });
});
