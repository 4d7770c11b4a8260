import { once } from 'node:events';
import { request as askOverTls } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainFrom } from '@sallyport/configuration';
import { ask } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { authority, type Issued, issue } from '../support/certificates.js';
import { hasProxy, ReverseProxy } from '../support/reverse-proxy.js';
import { blocksOf, DocumentProject } from './document-project.js';
import { DocumentedServer } from './documented-server.js';

const DOCUMENT = 'docs/mutual-tls.md';
const PROXY = '127.0.0.2';
const BILLING = 'spiffe://example.org/billing';

describe(DOCUMENT, () => {
  let project: DocumentProject;
  let ca: Issued;
  let server: Issued;
  let workload: Issued;
  let till: Issued;

  beforeAll(async () => {
    ca = await authority('Company CA');
    [project, server, workload, till] = await Promise.all([
      DocumentProject.open(DOCUMENT, { '3000': '0', '10.0.0.5': PROXY }),
      issue({ by: ca, names: [{ type: 'dns', value: 'localhost' }] }),
      issue({ by: ca, names: [{ type: 'url', value: BILLING }] }),
      issue({ by: ca, names: [{ type: 'dns', value: 'till-7' }] }),
    ]);
    project.write('ca.pem', ca.cert);
    project.write('server.pem', server.cert);
    project.write('server-key.pem', server.key);
  });
  afterAll(() => project?.remove());

  async function answerOf(port: string | number, shown: Partial<Issued>): Promise<string> {
    const { cert, key } = shown;
    const request = askOverTls({ host: '127.0.0.1', port, agent: false, rejectUnauthorized: false, cert, key });
    const [response] = await once(request.end(), 'response');
    const text: string[] = [];
    for await (const chunk of response) text.push(String(chunk));
    return response.statusCode === 200 ? text.join('') : String(response.statusCode);
  }

  test('every TypeScript block names its file and compiles under strict', async () => {
    expect(blocksOf(DOCUMENT).filter(({ language, file }) => language === 'ts' && file === undefined)).toEqual([]);
    expect(await project.compile()).toBe('');
  });

  test('a server knows workloads by their SPIFFE IDs', async () => {
    const running = await DocumentedServer.start(project.folder, 'workloads.js');
    const { port } = new URL(running.origin);
    expect(await answerOf(port, workload)).toBe(`Hello, ${BILLING}`);
    expect(await answerOf(port, till)).toBe('401');
    expect(await answerOf(port, {})).toBe('401');
    await running.stop();
  });

  (hasProxy('nginx') ? test : test.skip)(
    `behind nginx, it knows machines by their host names${hasProxy('nginx') ? '' : ' (skipped: no nginx)'}`,
    async () => {
      const running = await DocumentedServer.start(project.folder, 'behind-a-proxy.js');
      const configuration = blocksOf(DOCUMENT).find(({ file }) => file === 'nginx.conf')?.code ?? '';
      const files = { 'ca.pem': ca.cert, 'server.pem': server.cert, 'server-key.pem': server.key };
      const port = Number(new URL(running.origin).port);
      const proxy = await ReverseProxy.start('nginx', { configuration, files, port, from: PROXY });
      expect(await answerOf(proxy.port, till)).toBe('Hello, till-7');
      expect(await answerOf(proxy.port, {})).toBe('401');
      await proxy.close();
      await running.stop();
    },
  );

  test('a configuration file has the same handler', async () => {
    const yaml = blocksOf(DOCUMENT).find(({ file }) => file === 'security.yaml')?.code ?? '';
    project.write('security.yaml', yaml);
    const chain = await chainFrom(join(project.folder, 'security.yaml'), { kinds: builtInHandlers });
    const { principal } = await ask(chain, 'GET /', { certificate: workload.x509 });
    expect(principal?.subject).toBe(BILLING);
    expect((await ask(chain)).status).toBe(401);
    await chain.close();
  });

  test('partners get the scopes that the application knows', async () => {
    const partner = await issue({ by: ca, subject: [{ O: ['Acme'] }, { CN: ['billing'] }] });
    project.write('partner.pem', partner.cert);
    project.write(
      'ask-partner.mjs',
      `import { X509Certificate } from 'node:crypto';
      import { readFileSync } from 'node:fs';
      import { ask } from '@sallyport/core/testing';
      import { thumbprintOf } from '@sallyport/core/extend';
      import { chain, revocations } from './partners.js';
      const certificate = new X509Certificate(readFileSync('partner.pem'));
      const first = await ask(chain, 'GET /', { certificate });
      console.log(first.principal.clientId, first.principal.scopes.join(' '));
      await revocations.revokeToken(thumbprintOf(certificate), { expiresAt: first.principal.expiresAt });
      console.log((await ask(chain, 'GET /', { certificate })).reason);`,
    );
    expect(await project.node(['ask-partner.mjs'])).toBe('CN=billing,O=Acme orders:read orders:write\ntoken_revoked\n');
  });

  test('the server for bound tokens starts', async () => {
    const running = await DocumentedServer.start(project.folder, 'bound-tokens.js');
    const response = await fetch(running.origin);
    expect(response.status).toBe(401);
    await running.stop();
  });
});
