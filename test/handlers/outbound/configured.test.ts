import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import type { option } from '@sallyport/core/extend';
import { ask } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { outboundOptions } from '@sallyport/handlers/outbound';
import { ForwardProxy } from '../../support/forward-proxy.js';
import { OutboundUnderTest } from './outbound-fixture.js';

let folder: string;
let subject: OutboundUnderTest;
let proxy: ForwardProxy;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-outbound-'));
  proxy = await ForwardProxy.start();
  subject = await OutboundUnderTest.start();
  subject.serve = (response) => response.writeHead(200).end('{"active":true,"sub":"alice"}');
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await subject.close();
  await proxy.close();
});

test('a configuration file gives headers, proxies and hosts as code does', async () => {
  writeFileSync(join(folder, 'token'), 'gateway-token\n');
  writeFileSync(
    join(folder, 'security.yaml'),
    `chain: { name: orders, requirement: tokens }
handlers:
  tokens:
    type: introspection
    options:
      realm: orders
      endpoint: http://as.sallyport.invalid:${subject.url.port}/thing
      clientAuthentication: { method: client_secret_post, clientId: orders, clientSecret: secret }
      outbound:
        allowInsecureHosts: [as.sallyport.invalid]
        proxy: ${proxy.url}
        headers:
          authorization: { file: ${join(folder, 'token')}, prefix: 'Bearer ' }
          x-environment: test
`,
  );
  const chain = await chainFrom(join(folder, 'security.yaml'), { kinds: builtInHandlers });
  expect(await ask(chain, '/', { bearer: 'token' })).toMatchObject({ status: 200 });
  await chain.close();
  expect(subject.arrivals.map(({ headers }) => headers)).toEqual([
    expect.objectContaining({ authorization: 'Bearer gateway-token', 'x-environment': 'test' }),
  ]);
  expect(proxy.tunnels.map(({ target }) => target)).toEqual([`as.sallyport.invalid:${subject.url.port}`]);
});

test('the schema has every option of outbound calls but dispatcher and fetch, which are code', () => {
  const { schema, members } = outboundOptions as option.Table;
  const inCode = Object.keys(members).filter((name) => !Object.hasOwn(schema.properties ?? {}, name));
  expect(inCode).toEqual(['dispatcher', 'fetch']);
});
