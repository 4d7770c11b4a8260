import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { allOf, anyOf, denied, guard, headerHandler, optional, type Requirement, SecurityChain } from '@sallyport/core';
import { ask, buildRequest, type RequestParts } from '@sallyport/core/testing';
import type { ApiKeyHandlerOptions } from '@sallyport/handlers/api-key';
import { BasicHandler } from '@sallyport/handlers/basic';
import { openApi } from '@sallyport/openapi';
import { accountOf, basic, CHEAP } from '../basic/basic-fixture.js';
import { KeysUnderTest } from './api-key-fixture.js';

let warn: jest.SpiedFunction<typeof process.emitWarning>;
beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

const inHeader = (text: string) => ({ headers: { 'X-API-Key': text } });
const asUser = (text: string, password = '') => ({ headers: { Authorization: basic(text, password) } });
const asBearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } });
const inQuery = (text: string) => `GET /orders?api_key=${text}`;

async function answered(handler: Requirement, parts: RequestParts, line = 'GET /') {
  const { status, reason, principal } = await ask(new SecurityChain({ requirement: handler }), line, parts);
  return reason === undefined
    ? `${status} ${principal?.via.map((each) => each.handler).join()}`
    : `${status} ${reason}`;
}

describe('a key is taken', () => {
  const keys = new KeysUnderTest();
  const all = new KeysUnderTest({ store: keys.store, bearer: true, query: 'api_key' });
  let text = '';
  beforeEach(async () => {
    text = (await keys.issue()).text;
  });

  test('from the header, in any case of its name (RFC 9110 5.1)', async () => {
    expect(await answered(keys.handler, { headers: { 'x-api-KEY': text } })).toBe('200 api-key');
  });

  test('as the user name of Basic, with any password (RFC 7617 2)', async () => {
    for (const password of ['', 'x', 'x-oauth-basic']) {
      expect(await answered(keys.handler, asUser(text, password))).toBe('200 api-key');
    }
    const { handler } = new KeysUnderTest({ store: keys.store, basicUser: false });
    expect(await answered(handler, asUser(text))).toBe('401 credentials_unrecognised');
  });

  test.each([
    ['the user name of Basic', asUser],
    ['the header', inHeader],
  ])('from %s, and no event tells it if a guard quotes it in an error (CWE-532)', async (_place, partsWith) => {
    const quoting = guard('quoting', () => {
      throw new Error(`no tenant of ${text}`);
    });
    const chain = new SecurityChain({ requirement: keys.handler, guards: [quoting] });
    const { status, event } = await ask(chain, 'GET /', partsWith(text));
    expect([status, event.fault?.message]).toEqual([500, 'no tenant of (cut out)']);
    expect(JSON.stringify(event)).not.toContain(text.slice(17, 60));
  });

  test('after the scheme Bearer and from the query by a switch only (RFC 6750 5.3)', async () => {
    expect(await answered(all.handler, asBearer(text))).toBe('200 api-key');
    expect(await answered(keys.handler, asBearer(text))).toBe('401 credentials_unrecognised');
    expect(await answered(all.handler, {}, inQuery(text))).toBe('200 api-key');
    expect(await answered(keys.handler, {}, inQuery(text))).toBe('401 credentials_missing');
  });

  test('never as the password of Basic, nor by another scheme', async () => {
    expect(await answered(all.handler, asUser('someone', text))).toBe('401 credentials_unrecognised');
    expect(await answered(all.handler, { headers: { Authorization: `ApiKey ${text}` } })).toBe(
      '401 credentials_unrecognised',
    );
    const headers = { Authorization: `Basic ${Buffer.from(text).toString('base64')}` };
    expect(await answered(all.handler, { headers })).toBe('401 credentials_unrecognised');
  });

  test('from one place: in two it is 400, whichever they are (RFC 6750 2)', async () => {
    const places: readonly (readonly [RequestParts['headers'], string])[] = [
      [inHeader(text).headers, 'GET /'],
      [asUser(text).headers, 'GET /'],
      [asBearer(text).headers, 'GET /'],
      [{}, inQuery(text)],
    ];
    for (const [one, line] of places) {
      for (const [other, otherLine] of places) {
        const headers = { ...one, ...other };
        const target = line === 'GET /' ? otherLine : line;
        const isTwice = Object.keys(headers).length + Number(target !== 'GET /') === 2;
        if (isTwice) expect(await answered(all.handler, { headers }, target)).toBe('400 duplicate_credentials');
      }
    }
    expect(await answered(all.handler, {}, `${inQuery(text)}&api_key=${text}`)).toBe('400 duplicate_credentials');
  });

  test('from the query with a warning at start, and an answer that no cache may share (RFC 6750 2.3)', async () => {
    const { headers } = await ask(all.chain, inQuery(text));
    expect(headers).toContainEqual(['Cache-Control', 'private']);
    expect((await ask(all.chain, 'GET /', inHeader(text))).headers).toEqual([]);
    new KeysUnderTest({ query: 'api_key' });
    expect(warn.mock.calls.at(-1)?.map(String)).toEqual([
      'api-key takes keys from the query, which logs and histories keep (query)',
      'SallyportWarning',
    ]);
  });
});

describe('other credentials at the places of keys', () => {
  const users = new BasicHandler({
    realm: 'test',
    hashing: CHEAP,
    users: { find: (name) => (name.startsWith('a') ? accountOf(name, 'correct horse') : undefined) },
  });
  const other = headerHandler({
    name: 'old',
    header: 'X-API-Key',
    verify: (key) => (key === 'old-key-1' ? { subject: 'old' } : denied('unknown')),
  });

  test('are left to BasicHandler, also if a user is named like the beginning of a key', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    for (const requirement of [anyOf(keys.handler, users), anyOf(users, keys.handler)]) {
      expect(await answered(requirement, asUser(text))).toBe('200 api-key');
      expect(await answered(requirement, asUser('alice', 'correct horse'))).toBe('200 basic');
      expect(await answered(requirement, asUser('acme_alice', 'correct horse'))).toBe('200 basic');
    }
  });

  test('are no second key: a key and a login may come together', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    const headers = { ...inHeader(text).headers, ...asUser('alice', 'correct horse').headers };
    expect(await answered(allOf(keys.handler, users), { headers })).toBe('200 api-key,basic');
    const mistyped = { ...headers, ...inHeader(`${text.slice(0, -1)}_`).headers };
    expect(await answered(allOf(keys.handler, users), { headers: mistyped })).toBe('401 api_key_malformed');
  });

  test('are left to another handler of the same header by selective, and refused without', async () => {
    const keys = new KeysUnderTest({ selective: true });
    const { text } = await keys.issue();
    for (const requirement of [anyOf(keys.handler, other), anyOf(other, keys.handler)]) {
      expect(await answered(requirement, inHeader(text))).toBe('200 api-key');
      expect(await answered(requirement, inHeader('old-key-1'))).toBe('200 old');
      expect(await answered(requirement, inHeader('another'))).toBe('401 unknown');
    }
    const whole = new KeysUnderTest();
    expect(await answered(whole.handler, inHeader('old-key-1'))).toBe('401 api_key_malformed');
    expect(() => new SecurityChain({ requirement: anyOf(whole.handler, other) })).toThrow(
      'api-key and old both take every credential of header:x-api-key',
    );
  });

  test('are refused also where keys are optional, and beside a good key', async () => {
    const selective = new KeysUnderTest({ selective: true });
    const { text } = await selective.issue();
    for (const strange of ['garbage', '', text.slice(0, -1)])
      expect(await answered(optional(selective.handler), inHeader(strange))).toBe('401 credentials_unrecognised');
    const keys = new KeysUnderTest({ store: selective.store, bearer: true });
    for (const { headers } of [asUser('alice', 'wrong'), asBearer('foreign')]) {
      const both = { headers: { ...inHeader(text).headers, ...headers } };
      for (const { handler } of [selective, keys])
        expect(await answered(handler, both)).toBe('401 credentials_unrecognised');
    }
  });

  test('with a wrong checksum in Basic is still a key, and refused as one', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    const mistyped = text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
    expect(await answered(anyOf(keys.handler, users), asUser(mistyped))).toBe('401 api_key_malformed');
  });

  test('that were cut off on their way are told to the operator', async () => {
    const keys = new KeysUnderTest();
    const { text } = await keys.issue();
    const { event } = await ask(keys.chain, 'GET /', asUser(text.slice(0, -1)));
    expect(event.unclaimed).toEqual([
      { handler: 'api-key', detail: 'it begins as a key does, and has not its form', cause: 'api_key_malformed' },
    ]);
    const { fix } = await keys.chain.explain(buildRequest('GET /', asUser(text.slice(0, -1))));
    expect(fix).toContain('Copy the key once more');
    expect(JSON.stringify(event)).not.toContain(text.slice(5, 30));
  });

  test.each(['', ':', 'Zm9v', '////', `${'A'.repeat(9_000)}=`])(
    'in Basic may be anything, such as %j',
    async (value) => {
      const { handler } = new KeysUnderTest();
      expect(await answered(handler, { headers: { Authorization: `Basic ${value}` } })).toMatch(/^40[01] /);
    },
  );
});

describe('an OpenAPI scheme apiKey', () => {
  test.each([
    [{ type: 'apiKey', in: 'header', name: 'X-API-KEY' }, {}],
    [{ type: 'apiKey', in: 'query', name: 'api_key' }, { query: 'api_key' }],
    [{ type: 'http', scheme: 'basic' }, {}],
    [{ type: 'http', scheme: 'bearer' }, { bearer: true }],
  ])('%j is satisfied by the handler', async (scheme, options: Partial<Omit<ApiKeyHandlerOptions, 'store'>>) => {
    const keys = new KeysUnderTest(options);
    const definition = {
      ...{ openapi: '3.1.0', info: { title: 'Orders', version: '1' } },
      components: { securitySchemes: { key: scheme } },
      paths: {
        '/orders': {
          get: { operationId: 'list', security: [{ key: [] }], responses: { default: { description: '' } } },
        },
      },
    };
    const operations = await openApi(definition, { schemes: { key: keys.handler }, doubts: 'error' });
    const { text } = await keys.issue();
    const chain = new SecurityChain({ operations });
    expect((await ask(chain, 'GET /orders', asUser(text))).status).toBe(200);
  });
});
