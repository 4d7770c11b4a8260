import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OWN_ISSUER } from '../support/example-process.js';
import { signedToken } from '../support/signed-token.js';
import { RUNTIMES, RuntimeProcess, withRuntimes } from './runtime-process.js';

const SOURCES = join(__dirname, '../../examples/frameworks/src');

withRuntimes(() => {
  describe.each(RUNTIMES)('examples/frameworks, %s', (name) => {
    let example: RuntimeProcess;
    beforeAll(async () => {
      example = await RuntimeProcess.serve(name, join(SOURCES, `${name}.ts`), OWN_ISSUER, { isServed: true });
    });
    afterAll(() => example.stop());

    test('orders need a token with the scope, and are kept for its principal (RFC 6750 3.1)', async () => {
      const order = async (token?: string) => {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
        const sent = { method: 'POST', headers, body: '{"item":"tea"}' };
        const answer = await fetch(`http://127.0.0.1:${example.port}/orders`, sent);
        return [answer.status, ((await answer.json()) as { orderedBy?: string }).orderedBy];
      };
      expect(await order()).toEqual([401, undefined]);
      expect(await order(signedToken('bob', 'orders:read'))).toEqual([403, undefined]);
      expect(await order(signedToken('alice', 'orders:read orders:write'))).toEqual([201, 'alice']);
      expect(await example.call('/welcome')).toEqual([200, '{"hello":"guest"}']);
      expect(await example.call('/health')).toEqual([200, '{"status":"up"}']);
    });
  });
});
