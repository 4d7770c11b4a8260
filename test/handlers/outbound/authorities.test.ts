import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionSettings } from '../../../packages/handlers/src/outbound/connections/connection-options.js';
import { tlsOptions } from '../../../packages/handlers/src/outbound/connections/tls-options.js';
import { selfSigned } from '../../support/tls-server.js';

/** Node reads `NODE_EXTRA_CA_CERTS` only as it starts, so each row is a process of its own with a server of its own. */
const PROGRAM = `
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { OutboundClient } from '@sallyport/handlers/outbound';
const [options, folder] = process.argv.slice(1);
const pem = (name) => readFileSync(folder + '/' + name, 'utf8');
const server = createServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
}).listen(0);
await once(server, 'listening');
const client = new OutboundClient({ timeoutMs: 30_000, ...JSON.parse(options) });
const url = new URL('https://localhost:' + server.address().port);
const call = client.send({ url, method: 'GET', mediaTypes: ['application/json'], maxBytes: 9 });
console.log(await call.then(({ body }) => body.toString(), ({ message }) => message.replace(/.*: /, '')));
await client.close();
server.closeAllConnections();
server.close();
`;

const { constructor: SecureContext } = createSecureContext();

let folder: string;
let other: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-authorities-'));
  const { key, cert } = await selfSigned('localhost');
  other = (await selfSigned('other')).cert;
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'bundle.pem'), `# company\n${other}\n${cert}`);
  writeFileSync(join(folder, 'unfit.pem'), `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
});

afterAll(() => rmSync(folder, { recursive: true }));

function answer(options: object, extra: string | undefined): string {
  const { stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM, JSON.stringify(options), folder],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: extra === undefined ? '' : join(folder, extra) },
    },
  );
  return stdout.trim();
}

const UNTRUSTED = 'the connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)';

describe('authorities of NODE_EXTRA_CA_CERTS', () => {
  test('are trusted without options, and without both nobody is', () => {
    expect(answer({}, 'cert.pem')).toBe('{}');
    expect(answer({}, undefined)).toBe(UNTRUSTED);
  });

  test('stay trusted beside certificateAuthorities', () => {
    expect(answer({ certificateAuthorities: other }, 'cert.pem')).toBe('{}');
    expect(answer({ certificateAuthorities: other }, 'bundle.pem')).toBe('{}');
    expect(answer({ certificateAuthorities: other }, undefined)).toBe(UNTRUSTED);
  });

  test('that cannot be read change nothing', () => {
    expect(answer({ certificateAuthorities: other }, 'unfit.pem')).toBe(UNTRUSTED);
    expect(answer({ certificateAuthorities: other }, 'nowhere.pem')).toBe(UNTRUSTED);
  });
});

test('the authorities of the process stand beside own ones in the options of every connection', async () => {
  const settings = { certificateAuthorities: [other], dangerouslyAcceptAnyCertificate: false, timeoutMs: 1_000 };
  const { server, proxy } = await tlsOptions(settings as unknown as ConnectionSettings);
  for (const { ca } of [server, proxy]) expect(ca).toEqual(expect.arrayContaining([other, rootCertificates[0]]));
});

describe('own authorities', () => {
  const settings = { dangerouslyAcceptAnyCertificate: false, timeoutMs: 1_000 };
  const optionsOf = (more: object) => tlsOptions({ ...settings, ...more } as unknown as ConnectionSettings);

  test('are read once for all connections of a client, since that takes long', async () => {
    const { server, proxy } = await optionsOf({ certificateAuthorities: [other] });
    expect(server.secureContext).toBeInstanceOf(SecureContext as never);
    expect(proxy.secureContext).toBe(server.secureContext);
  });

  test('are read for proxies apart where the handler has a certificate, which no proxy gets (RFC 8705 2)', async () => {
    const clientCertificate = await selfSigned('handler');
    const { server, proxy } = await optionsOf({ certificateAuthorities: [other], clientCertificate });
    expect(proxy.secureContext).toBeInstanceOf(SecureContext as never);
    expect(proxy.secureContext).not.toBe(server.secureContext);
    expect(proxy.cert).toBeUndefined();
  });

  test('beside a certificate that cannot be read are left to the connections, whose errors tell why', async () => {
    const clientCertificate = { cert: 'no PEM', key: 'no PEM' };
    const { server } = await optionsOf({ certificateAuthorities: [other], clientCertificate });
    expect(server).toMatchObject({ ...clientCertificate, secureContext: undefined });
  });
});
