// Sallyport in front of the everything-server, and a token that it takes. Each kind of rule has a call that it has to let through.
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const issuer = 'https://login.example.com';
const SCOPES = ['everything', 'tools', 'rich-tool', 'resources', 'prompts'];

/** @param identifier the address by which clients know the server */
export async function openGate(identifier) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' }] };
  const tokens = new JwtHandler({
    realm: 'everything',
    issuers: [{ issuer, audience: identifier, algorithms: 'ES256', keys: { jwks } }],
  });
  const chain = new SecurityChain({
    requirement: tokens,
    guards: [requireScopes('everything')],
    resource: { identifier, allowInsecureLoopback: true },
  });
  await chain.start();
  const secure = mcpSecurity(chain, {
    tools: { json_schema_2020_12_tool: requireScopes('rich-tool') },
    otherTools: requireScopes('tools'),
    methods: { 'resources/read': requireScopes('resources'), 'prompts/get': requireScopes('prompts') },
  });
  const token = await new SignJWT({ client_id: 'suite', scope: SCOPES.join(' ') })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })
    .setIssuer(issuer)
    .setAudience(identifier)
    .setSubject('suite')
    .setJti('1')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return { middleware: secure.express(), token };
}
