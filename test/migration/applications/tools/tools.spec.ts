import { deepEqual, equal, match } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { OpenedApplication } from '../opened-application.js';
import * as moved from './after/app.js';
import * as original from './before/app.js';
import { authorizationServer, metadataUrl, resource } from './before/deployment.js';

const pair = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'key-1', alg: 'ES256' };
const deployment = { keys: pair.publicKey, jwk };

/** A token as the authorization server signs it. */
async function headersFor(scope: string, typ: string, audience = resource): Promise<Record<string, string>> {
  const claims = { iss: authorizationServer.issuer, sub: 'alice', client_id: 'assistant', scope, jti: randomUUID() };
  const signing = new SignJWT({ ...claims, aud: audience }).setProtectedHeader({ alg: 'ES256', kid: 'key-1', typ });
  const token = await signing.setIssuedAt().setExpirationTime('5m').sign(pair.privateKey);
  return { authorization: `Bearer ${token}` };
}

async function callTool(
  app: OpenedApplication,
  headers: Record<string, string>,
  name: string,
  values = {},
): Promise<unknown> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${app.origin}/mcp`), { requestInit: { headers } });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  const { content } = await client.callTool({ name, arguments: values });
  await client.close();
  return (content as readonly { text: string }[])[0]?.text;
}

for (const [name, { open }] of Object.entries({ 'before the move': original, 'after the move': moved })) {
  describe(name, () => {
    let app: OpenedApplication;
    before(async () => {
      app = await OpenedApplication.of(await open(deployment));
    });
    after(() => app.close());

    test('tools know who is calling, whether by at+jwt or by JWT', async () => {
      for (const typ of ['at+jwt', 'JWT']) {
        equal(await callTool(app, await headersFor('orders:read', typ), 'whoami'), 'assistant: orders:read');
      }
    });

    test('a tool asks for a scope of its own', async () => {
      const [reader, writer] = [
        await headersFor('orders:read', 'at+jwt'),
        await headersFor('orders:read orders:write', 'JWT'),
      ];
      equal(await callTool(app, reader, 'cancel-order', { id: '7' }), 'The scope orders:write is missing');
      equal(await callTool(app, writer, 'cancel-order', { id: '7' }), '7 is cancelled');
    });

    test('a caller without a good token learns where the metadata are (RFC 9728 5.1)', async () => {
      const bad = await headersFor('orders:read', 'at+jwt', 'https://another.example.com');
      for (const headers of [{}, bad] as Record<string, string>[]) {
        const answer = await app.ask('POST /mcp', { headers, body: {} });
        equal(answer.status, 401);
        match(answer.headers.get('www-authenticate') ?? '', new RegExp(`^Bearer .*resource_metadata="${metadataUrl}"`));
      }
    });

    test('a caller without the scope is refused, and told which', async () => {
      const answer = await app.ask('POST /mcp', { headers: await headersFor('profile', 'at+jwt'), body: {} });
      equal(answer.status, 403);
      match(answer.headers.get('www-authenticate') ?? '', /error="insufficient_scope".*scope="orders:read"/);
    });

    test('the metadata are there for everybody', async () => {
      const { body } = await app.ask('GET /.well-known/oauth-protected-resource/mcp');
      deepEqual([body.resource, body.authorization_servers], [resource, ['https://login.example.com']]);
    });
  });
}

test('a token that is good before the move is good after it', async () => {
  const headers = await headersFor('orders:read', 'at+jwt');
  const answers = [];
  for (const { open } of [original, moved]) {
    const app = await OpenedApplication.of(await open(deployment));
    answers.push(await callTool(app, headers, 'whoami'));
    await app.close();
  }
  deepEqual(answers, ['assistant: orders:read', 'assistant: orders:read']);
});
