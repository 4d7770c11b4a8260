import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { createMcpHandler, McpServer, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { type McpBearerAuthOptions, type McpVerifiedToken, requireBearerAuth } from '@sallyport/adapters/mcp';
import { cookieHandler, requireScopes } from '@sallyport/core';
import express from 'express';
import { challengeIn, modernCall, ToolClient } from './tool-client.js';

const RESOURCE = 'https://tools.example.com/mcp';
const METADATA = 'https://tools.example.com/.well-known/oauth-protected-resource/mcp';
const LATER = Math.floor(Date.now() / 1_000) + 3_600;
const good: McpVerifiedToken = {
  clientId: 'one',
  scopes: ['notes:read'],
  expiresAt: LATER,
  resource: new URL(RESOURCE),
};

/** A verifier as both SDKs want one. */
const TOKENS = new Map<string, () => McpVerifiedToken>([
  ['good', () => ({ ...good, extra: { sub: 'alice', tenant: 'acme' } })],
  ['writer', () => ({ ...good, scopes: ['notes:read', 'notes:write'] })],
  ['slash', () => ({ ...good, resource: new URL(`${RESOURCE}/`) })],
  ['no-scope', () => ({ ...good, scopes: [] })],
  ['expired', () => ({ ...good, expiresAt: 1 })],
  ['endless', () => ({ ...good, expiresAt: undefined })],
  ['of-another-server', () => ({ ...good, resource: new URL('https://other.example.com/mcp') })],
  ['of-no-server', () => ({ ...good, resource: undefined })],
]);
const verifier = {
  async verifyAccessToken(token: string) {
    if (token === 'bad-for-1') throw new InvalidTokenError('bad');
    if (token === 'bad-for-2') throw new OAuthError(OAuthErrorCode.InvalidToken, 'bad');
    const known = TOKENS.get(token);
    if (known === undefined) throw new Error('the database is down');
    return known();
  },
};

describe('requireBearerAuth stands where that of the SDK stood', () => {
  let server: Server;
  let told: unknown;
  let port = 0;

  async function open(options: McpBearerAuthOptions): Promise<void> {
    const handler = createMcpHandler(() => {
      const notes = new McpServer({ name: 'notes', version: '1.0.0' });
      for (const tool of ['echo', 'purge'])
        notes.registerTool(tool, {}, async ({ http }) => {
          told = http?.authInfo;
          return { content: [] };
        });
      return notes;
    });
    const app = express();
    app.use(requireBearerAuth(options));
    app.all('/mcp', toNodeHandler(handler));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  const call = (token: string | undefined, tool = 'echo') => {
    const { lines, body } = modernCall(tool);
    return new ToolClient(port, token).post(lines, body);
  };

  beforeEach(() =>
    open({
      verifier,
      requiredScopes: ['notes:read'],
      expectedResource: RESOURCE,
      tools: { purge: requireScopes('notes:write') },
    }),
  );
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('a good token lets in, and tools know what the verifier said', async () => {
    expect((await call('good')).status).toBe(200);
    expect(told).toMatchObject({
      token: '',
      clientId: 'one',
      scopes: ['notes:read'],
      expiresAt: LATER,
      resource: new URL(RESOURCE),
      resourceMetadataUrl: METADATA,
      extra: { subject: 'alice', tenant: 'acme' },
    });
    expect((await call('slash')).status).toBe(200);
    expect((await call('writer', 'purge')).status).toBe(200);
  });

  test.each([
    [undefined, 401, undefined],
    ['bad-for-1', 401, 'invalid_token'],
    ['bad-for-2', 401, 'invalid_token'],
    ['expired', 401, 'invalid_token'],
    ['endless', 401, 'invalid_token'],
    ['of-another-server', 401, 'invalid_token'],
    ['of-no-server', 401, 'invalid_token'],
    ['no-scope', 403, 'insufficient_scope'],
    ['not a token', 400, 'invalid_request'],
  ])('%s is %i, with its challenge (RFC 6750 3.1)', async (token, status, error) => {
    const answer = await call(token);
    expect(answer.status).toBe(status);
    if (status !== 400) expect(challengeIn(answer)).toContain(`resource_metadata="${METADATA}"`);
    if (error !== undefined) expect(challengeIn(answer)).toContain(`error="${error}"`);
  });

  test('a verifier that cannot tell is an outage: 503, and no challenge', async () => {
    const answer = await call('unknown');
    expect([answer.status, challengeIn(answer)]).toEqual([503, undefined]);
    expect(answer.lines.some((line) => /^retry-after: \d+$/i.test(line))).toBe(true);
  });

  test('rules of tools come with it', async () => {
    const answer = await call('good', 'purge');
    expect([answer.status, challengeIn(answer)]).toEqual([
      403,
      expect.stringContaining('scope="notes:read notes:write"'),
    ]);
  });

  test('the metadata are served where it is mounted for all paths', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`);
    expect(await answer.json()).toMatchObject({ resource: RESOURCE, scopes_supported: ['notes:read', 'notes:write'] });
  });
});

describe('the options of requireBearerAuth', () => {
  const handler = cookieHandler({ name: 'session', cookie: 'sid', verify: () => ({ subject: 'alice' }) });

  test('the identifier follows from the address of the metadata, and the other way round', () => {
    expect(() => requireBearerAuth({ verifier, resourceMetadataUrl: METADATA })).not.toThrow();
    expect(() =>
      requireBearerAuth({ verifier: handler, resourceMetadataUrl: METADATA, expectedResource: new URL(RESOURCE) }),
    ).not.toThrow();
    expect(() =>
      requireBearerAuth({ verifier, resourceMetadataUrl: METADATA, expectedResource: 'https://other.example.com' }),
    ).toThrow(/expectedResource/);
    expect(() => requireBearerAuth({ verifier, resourceMetadataUrl: RESOURCE })).toThrow(/path/);
    expect(() => requireBearerAuth({ verifier })).toThrow(/expectedResource/);
  });

  test.each([
    [{ verifier: {}, expectedResource: RESOURCE }, /verifyAccessToken/],
    [{ verifier, expectedResource: 'mcp' }, /must be a URL/],
    [{ verifier, expectedResource: RESOURCE, requiredScope: ['a'] }, /requiredScopes/],
  ])('%# what is no such option is refused', (options, message) => {
    expect(() => requireBearerAuth(options as never)).toThrow(message);
  });
});
