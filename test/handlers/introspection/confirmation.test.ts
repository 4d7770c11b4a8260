import { hash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '@sallyport/core/testing';
import { generate } from 'selfsigned';
import { IntrospectionUnderTest } from './introspection-fixture.js';
import { IntrospectionServer } from './introspection-server.js';

let server: IntrospectionServer;
let right: X509Certificate;
let wrong: X509Certificate;

beforeAll(async () => {
  [right, wrong] = await Promise.all([certificate('right'), certificate('wrong')]);
  const cnf = { 'x5t#S256': hash('sha256', right.raw, 'base64url') };
  server = await IntrospectionServer.start(() => ({ body: { active: true, sub: 'alice', cnf } }));
});

afterAll(() => server.close());

async function certificate(name: string): Promise<X509Certificate> {
  const { cert } = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
  return new X509Certificate(cert);
}

test('a bound token is good with its certificate only, also when the answer is remembered [RFC 8705 3]', async () => {
  const subject = new IntrospectionUnderTest({ endpoint: server.endpoint });
  const statusWith = async (shown?: X509Certificate) =>
    (await ask(subject.chain, '/', { bearer: 'token', certificate: shown })).status;
  expect(await statusWith(right)).toBe(200);
  expect(await statusWith(wrong)).toBe(401);
  expect(await statusWith()).toBe(401);
  expect(await statusWith(right)).toBe(200);
  expect(server.calls).toBe(1);
  await subject.close();
});

test('a refusal for want of the certificate is not remembered against its owner [RFC 8705 3]', async () => {
  const subject = new IntrospectionUnderTest({ endpoint: server.endpoint });
  expect(await subject.outcome()).toBe('401 confirmation_unproved');
  const answer = await ask(subject.chain, '/', { bearer: 'token', certificate: right });
  expect(answer.status).toBe(200);
  expect(answer.principal?.confirmation).toEqual({
    method: 'x5t#S256',
    value: hash('sha256', right.raw, 'base64url'),
  });
  await subject.close();
});
