import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { JwtHandler, type SignatureAlgorithm, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { SignJWT } from 'jose';
import { type Client, GatewayProcess } from '../../support/gateway-process.js';
import { certificateOf } from '../../support/server-certificate.js';
import { AUDIENCE, ISSUER, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

describe('tokens of an oidc-provider', () => {
  let gateway: GatewayProcess;
  let client: Client;
  let certificate: string;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    gateway = await GatewayProcess.start();
    certificate = await certificateOf(gateway.origin);
    const answer = await gateway.register({
      clientName: 'interoperation',
      owner: 'admin',
      callbackUrl: 'https://localhost/callback',
      grantType: 'password refresh_token client_credentials',
      saasApp: true,
    });
    client = { clientId: String(answer.json['clientId']), clientSecret: String(answer.json['clientSecret']) };
  });

  afterAll(async () => {
    for (const close of closing) await close();
    await gateway.stop();
  });

  function handler(changes: Partial<TrustedIssuer> = {}): JwtHandler {
    const issuer = `${gateway.origin}/oauth2`;
    const keys = { discovery: true, outbound: { certificateAuthorities: certificate } } as const;
    const audience = `${gateway.origin}/api/am/gateway/v1`;
    const trustedIssuer = { issuer, audience, algorithms: ALGORITHMS, keys, ...changes };
    const made = new JwtHandler({ realm: 'test', issuers: [trustedIssuer] });
    closing.push(() => made.close());
    return made;
  }

  async function tokenFor(algorithm: string, grant: Record<string, string>): Promise<string> {
    const resource = `urn:gateway:jwt:${algorithm}`;
    const { json } = await gateway.token(client, { scope: 'apim:api_publish', resource, ...grant });
    return String(json['access_token']);
  }

  const PASSWORD = { grant_type: 'password', username: 'admin', password: 'admin' };

  describe.each(ALGORITHMS)('signed with %s', (algorithm) => {
    test('are accepted by discovery, and say who the user is (RFC 9068 2.2, RFC 8414 3)', async () => {
      const chain = new SecurityChain({ requirement: handler() });
      const bearer = await tokenFor(algorithm, PASSWORD);
      const { status, principal } = await ask(chain, 'GET /', { bearer });
      expect({ status, principal }).toMatchObject({
        status: 200,
        principal: {
          kind: 'user',
          issuer: `${gateway.origin}/oauth2`,
          subject: 'admin',
          clientId: client.clientId,
          scopes: ['apim:api_publish'],
          claims: { aut: 'APPLICATION_USER', username: 'admin@carbon.super' },
        },
      });
    });

    test('are accepted with the JWKS URL, and say which client it is (RFC 7517 5)', async () => {
      const keys = { jwksUri: `${gateway.origin}/oauth2/jwks`, outbound: { certificateAuthorities: certificate } };
      const chain = new SecurityChain({ requirement: handler({ keys, algorithms: algorithm }) });
      const bearer = await tokenFor(algorithm, { grant_type: 'client_credentials' });
      const { status, principal } = await ask(chain, 'GET /', { bearer });
      expect({ status, principal }).toMatchObject({
        status: 200,
        principal: { kind: 'client', subject: client.clientId, clientId: client.clientId },
      });
    });

    test('are refused where the algorithm is not allowed, the audience is another, or a byte was changed', async () => {
      const bearer = await tokenFor(algorithm, PASSWORD);
      const others = ALGORITHMS.filter((other) => other !== algorithm);
      const [header, claims, signature] = bearer.split('.') as [string, string, string];
      const changed = `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      for (const [changes, token, reason] of [
        [{ algorithms: others }, bearer, 'algorithm_not_allowed'],
        [{ audience: 'urn:other' }, bearer, 'audience_mismatch'],
        [{}, changed, 'signature_invalid'],
      ] as const) {
        const chain = new SecurityChain({ requirement: handler(changes) });
        expect(await ask(chain, 'GET /', { bearer: token })).toMatchObject({ status: 401, reason });
      }
    });
  });

  test('are 503 for who does not trust the certificate of the server: nobody can tell', async () => {
    const chain = new SecurityChain({ requirement: handler({ keys: { discovery: true } }) });
    const bearer = await tokenFor('ES256', PASSWORD);
    expect(await ask(chain, 'GET /', { bearer })).toMatchObject({
      status: 503,
      reason: 'err_sallyport_upstream_unreachable',
    });
  });
});

describe('tokens of another library', () => {
  test.each<SignatureAlgorithm>(['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
    'signed with %s are accepted (RFC 7515 A)',
    async (alg) => {
      const key = newKey(alg);
      const issuers = [trusted({ jwks: { keys: [key.jwk] } }, { algorithms: alg })];
      const chain = new SecurityChain({ requirement: new JwtHandler({ realm: 'test', issuers }) });
      const bearer = await new SignJWT({ client_id: 'web-shop' })
        .setProtectedHeader({ alg, typ: 'at+jwt', kid: key.kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject('alice')
        .setJti('token-1')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(key.privateKey);
      expect(await ask(chain, 'GET /', { bearer })).toMatchObject({ status: 200, principal: { subject: 'alice' } });
    },
  );
});
