import { Revocations } from '@sallyport/core';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import { JwtHandler, type JwtHandlerCollaborators, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { DpopClient, type DpopOptions, EXTERNAL_URL } from '../../handlers/dpop/dpop-fixture.js';
import { CLIENT } from '../../handlers/introspection/introspection-fixture.js';
import { IntrospectionServer } from '../../handlers/introspection/introspection-server.js';
import { AUDIENCE, CLAIMS, type ClaimChanges, ISSUER, NOON, tokenBy, trusted } from '../../handlers/jwt/jwt-fixture.js';
import { newKey } from '../../handlers/jwt/signing.js';
import type { Cause, Scene } from './scene.js';

const EC = newKey('ES256', '2026-01');
const OTHER = newKey('ES256', '2025-01');
const RSA = newKey('RS256', 'rsa-1');
const keys = { jwks: { keys: [EC.jwk, RSA.jwk] } };

export function jwt(
  { clock }: Scene,
  entry: Partial<TrustedIssuer> = {},
  collaborators: JwtHandlerCollaborators = {},
): JwtHandler {
  const issuers = [trusted(keys, entry)];
  return new JwtHandler({ realm: 'shop', issuers }, { clock, ...collaborators });
}

export function goodToken(changes: ClaimChanges = {}): string {
  return tokenBy(EC, changes);
}

/** A token that is good but for these claims, header members, options or its key. */
const wrong =
  (claims: ClaimChanges, header: ClaimChanges = {}, entry: Partial<TrustedIssuer> = {}, key = EC) =>
  (scene: Scene) =>
    scene.ask(jwt(scene, entry), { bearer: tokenBy(key, claims, header) });

/** A token that is bound to a DPoP key, with a proof, sent so often. */
const byDpop =
  (proofOf: (owner: DpopClient, token: string) => string | undefined, times = 1, dpop: Partial<DpopOptions> = {}) =>
  async (scene: Scene) => {
    const owner = new DpopClient();
    const token = tokenBy(EC, { cnf: { jkt: owner.thumbprint } });
    const keys = { publicKey: EC.publicKey, kid: EC.kid };
    const handler = new JwtHandler(
      { realm: 'shop', issuers: [trusted(keys)], dpop: { externalUrl: EXTERNAL_URL, ...dpop } },
      { clock: scene.clock },
    );
    const DPoP = proofOf(owner, token);
    const lines = [`Authorization: DPoP ${token}`, ...(DPoP === undefined ? [] : [`DPoP: ${DPoP}`])];
    for (let sent = 0; sent < times; sent += 1) await scene.ask(handler, { lines });
  };

const bearer = (token: string) => (scene: Scene) => scene.ask(jwt(scene), { bearer: token });

/** An authorization server that answers so about a token. */
const introspected =
  (members: object, options: Partial<IntrospectionHandlerOptions> = {}, status = 200) =>
  async (scene: Scene) => {
    const server = scene.closing(await IntrospectionServer.start(() => ({ status, body: members })));
    await scene.ask(introspection(scene, server.endpoint, options), { bearer: 'opaque-token-1' });
  };

export function introspection(
  scene: Scene,
  endpoint: string,
  options: Partial<IntrospectionHandlerOptions> = {},
): IntrospectionHandler {
  scene.keepSecret(CLIENT.clientSecret);
  const outbound = { allowInsecureLoopback: true, ...options.outbound };
  return new IntrospectionHandler(
    { realm: 'shop', endpoint, clientAuthentication: CLIENT, ...options, outbound },
    { clock: scene.clock },
  );
}

const ACTIVE = { active: true, sub: 'alice' };

const revoked = (how: (revocations: Revocations, token: string) => unknown) => async (scene: Scene) => {
  const revocations = new Revocations({}, { clock: scene.clock });
  const token = goodToken();
  await how(revocations, token);
  await scene.ask(jwt(scene, {}, { revocations }), { bearer: token });
};

/** 401: who is calling is not proved by a token. */
export const TOKENS: readonly Cause[] = [
  {
    cause: 'The token is no JWT: it is opaque, cut off, or the text `undefined` or `null` of a script',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: 'the token is no JWT',
    change: 'IntrospectionHandler',
    provoke: bearer('undefined'),
  },
  {
    cause: 'The token has three parts, but is no signed JWT',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: 'iss is no text, or the claims cannot be read',
    change: 'the token as it was issued',
    provoke: bearer('aaaa.bbbb.cccc'),
  },
  {
    cause: 'The token names no issuer',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: `iss is missing, expected "${ISSUER}"`,
    change: 'allowMissingIssuer',
    provoke: wrong({ iss: undefined }),
  },
  {
    cause: 'The token is of an issuer that is not configured',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: `iss is "https://login.example.net", expected "${ISSUER}"`,
    change: 'issuer',
    provoke: wrong({ iss: 'https://login.example.net' }),
  },
  {
    cause: 'The issuer is configured with a slash too many or too few, or with `http`',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: `iss is "${ISSUER}/", expected "${ISSUER}" (nearly "${ISSUER}": look at slashes, case and http)`,
    change: 'issuer',
    provoke: wrong({ iss: `${ISSUER}/` }),
  },
  {
    cause: 'The token is encrypted',
    client: '401 invalid_token',
    reason: 'credentials_unrecognised',
    words: 'the token is encrypted, and there are no decryptionKeys',
    change: 'decryptionKeys',
    provoke: bearer('aaaa.bbbb.cccc.dddd.eeee'),
  },
  {
    cause: 'The token was issued for another API',
    client: '401 invalid_token',
    reason: 'audience_mismatch',
    words: `aud is "https://crm.example.com", expected "${AUDIENCE}"`,
    change: 'audience',
    provoke: wrong({ aud: 'https://crm.example.com' }),
  },
  {
    cause: 'The token names no audience',
    client: '401 invalid_token',
    reason: 'audience_mismatch',
    words: `aud is missing, expected "${AUDIENCE}"`,
    change: 'clients',
    provoke: wrong({ aud: undefined }),
  },
  {
    cause: 'The issuer does not mark access tokens with `at+jwt`',
    client: '401 invalid_token',
    reason: 'token_type_refused',
    words: 'typ is "JWT", expected "at+jwt"',
    change: 'acceptTyp',
    provoke: wrong({}, { typ: 'JWT' }),
  },
  {
    cause: 'An ID token was sent instead of the access token',
    client: '401 invalid_token',
    reason: 'access_token_shape_missing',
    words: 'typ is not at+jwt, so one of "client_id", "scope" has to be there',
    change: 'accessTokenClaims',
    provoke: wrong({ client_id: undefined, scope: undefined }, { typ: 'JWT' }, { acceptTyp: ['JWT'] }),
  },
  {
    cause: 'The issuer signs with another algorithm',
    client: '401 invalid_token',
    reason: 'algorithm_not_allowed',
    words: 'alg is "RS256", expected "ES256"',
    change: 'algorithms',
    provoke: wrong({}, {}, {}, RSA),
  },
  {
    cause: 'The token is not signed at all',
    client: '401 invalid_token',
    reason: 'algorithm_not_allowed',
    words: 'alg is "none", expected "ES256"',
    change: 'the issuer sign',
    provoke: wrong({}, { alg: 'none' }),
  },
  {
    cause: 'The key of the token is not, or no longer, in the key set',
    client: '401 invalid_token',
    reason: 'key_unknown',
    words: 'kid is "2025-01", known are "2026-01"',
    change: 'keys',
    provoke: wrong({}, {}, {}, OTHER),
  },
  {
    cause: 'The key of that name is of another kind than the algorithm',
    client: '401 invalid_token',
    reason: 'key_unfit',
    words: 'kid is "rsa-1": no key is for ES256, or too many are',
    change: 'kid',
    provoke: wrong({}, { kid: 'rsa-1' }, { algorithms: ['ES256', 'RS256'] }),
  },
  {
    cause: 'The token was changed, or signed by another key of the same name',
    client: '401 invalid_token',
    reason: 'signature_invalid',
    words: 'kid is "2026-01", ES256: it is not by the key of this issuer',
    change: 'compare the keys of the issuer',
    provoke: wrong({}, {}, {}, { ...OTHER, kid: '2026-01' }),
  },
  {
    cause: 'The token has expired',
    client: '401 invalid_token',
    reason: 'token_expired',
    words: `exp is ${NOON - 60}, now is ${NOON}, tolerance 5 s`,
    change: 'clockToleranceSeconds',
    provoke: wrong({ exp: NOON - 60 }),
  },
  {
    cause: 'The token is not valid yet, or the clock of this machine is behind',
    client: '401 invalid_token',
    reason: 'token_not_yet_valid',
    words: `nbf is ${NOON + 60}, now is ${NOON}, tolerance 5 s`,
    change: 'clockToleranceSeconds',
    provoke: wrong({ nbf: NOON + 60 }),
  },
  {
    cause: 'The token was issued in the future: the clocks differ',
    client: '401 invalid_token',
    reason: 'token_issued_in_future',
    words: `iat is ${NOON + 60}, now is ${NOON}, tolerance 5 s`,
    change: 'issuedAheadToleranceSeconds',
    provoke: wrong({ iat: NOON + 60 }),
  },
  {
    cause: 'The issuer writes milliseconds into `exp`',
    client: '401 invalid_token',
    reason: 'claim_exp_beyond_year_9999',
    words: `exp is ${NOON * 1_000}, beyond the year 9999: it may be in milliseconds`,
    change: 'write seconds',
    provoke: wrong({ exp: NOON * 1_000 }),
  },
  {
    cause: 'A required claim is missing',
    client: '401 invalid_token',
    reason: 'claim_missing',
    words: 'missing: "iat", "jti"',
    change: 'requiredClaims',
    provoke: wrong({ iat: undefined, jti: undefined }),
  },
  {
    cause: 'A claim has another type than the RFCs give it, such as a number as `sub`',
    client: '401 invalid_token',
    reason: 'claim_sub_mistyped',
    words: 'sub is a number, expected a text',
    change: 'mapPrincipal',
    provoke: wrong({ sub: 7 }),
  },
  {
    cause: 'The token was issued to another client',
    client: '401 invalid_token',
    reason: 'client_mismatch',
    words: 'client_id is "web-shop", expected "mobile-shop"',
    change: 'clients',
    provoke: wrong({}, {}, { clients: ['mobile-shop'] }),
  },
  {
    cause: 'A claim breaks a rule of your own',
    client: '401 invalid_token',
    reason: 'claim_rule_broken',
    words: 'tenant is "umbrella", expected "acme"',
    change: 'claimRules',
    provoke: wrong({ tenant: 'umbrella' }, {}, { claimRules: { tenant: 'acme' } }),
  },
  {
    cause: 'The token is older than you allow',
    client: '401 invalid_token',
    reason: 'token_too_old',
    words: `iat is ${CLAIMS.iat}, now is ${NOON}, at most 60 s are allowed`,
    change: 'maxTokenAgeSeconds',
    provoke: wrong({}, {}, { maxTokenAgeSeconds: 60 }),
  },
  {
    cause: 'The token is bound to a certificate or key that the caller did not prove',
    client: '401 invalid_token',
    reason: 'confirmation_unproved',
    words: 'cnf asks for a proof by "x5t#S256", and the connection has no client certificate',
    change: 'show that certificate to this server',
    provoke: wrong({ cnf: { 'x5t#S256': 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0' } }),
  },
  {
    cause: 'The token is bound in a way that no handler understands',
    client: '401 invalid_token',
    reason: 'confirmation_method_unknown',
    words: 'cnf asks for a proof by "jwk", known are "x5t#S256", "jkt"',
    change: 'x5t#S256',
    provoke: wrong({ cnf: { jwk: {} } }),
  },
  {
    cause: '`cnf` of the token is no binding',
    client: '401 invalid_token',
    reason: 'confirmation_malformed',
    words: 'cnf is a text, expected an object',
    change: 'cnf',
    provoke: wrong({ cnf: 'x' }),
  },
  {
    cause: 'The token is not bound to a key, and you require it',
    client: '401 invalid_token',
    reason: 'confirmation_missing',
    words: 'cnf is missing, expected "x5t#S256"',
    change: 'confirmation.required',
    provoke: introspected(ACTIVE, { confirmation: { required: 'x5t#S256' } }),
  },
  {
    cause: 'A DPoP token came without a proof',
    client: '401 invalid_dpop_proof',
    reason: 'dpop_proof_missing',
    change: 'send a proof in the header DPoP',
    provoke: byDpop(() => undefined),
  },
  {
    cause: 'The proof of a DPoP token names another address',
    client: '401 invalid_dpop_proof',
    reason: 'dpop_proof_url_mismatch',
    words: 'htu is "http://10.0.0.7:3000/orders", expected "https://api.example.com/orders"',
    change: 'dpop.externalUrl',
    provoke: byDpop((owner, token) => owner.proof(token, { claims: { htu: 'http://10.0.0.7:3000/orders' } })),
  },
  {
    cause: 'A DPoP proof was sent a second time, such as by a client that repeats a request as it was',
    client: '401 invalid_dpop_proof',
    reason: 'dpop_proof_replayed',
    change: 'a new proof for each request',
    provoke: byDpop((owner, token) => owner.proof(token), 2),
  },
  {
    cause: 'The clock of a DPoP client is wrong, and nonces are switched off',
    client: '401 invalid_dpop_proof',
    reason: 'dpop_proof_untimely',
    change: 'dpop.windowSeconds',
    provoke: byDpop((owner, token) => owner.proof(token, { claims: { iat: NOON - 3_600 } }), 1, { nonce: 'never' }),
  },
  {
    cause: 'The proof of a DPoP token is by another key',
    client: '401 invalid_token',
    reason: 'dpop_key_mismatch',
    words: 'the proof is by another key than the one that cnf.jkt names',
    change: 'the key for which it got the token',
    provoke: byDpop((_owner, token) => new DpopClient().proof(token)),
  },
  {
    cause: 'The authorization server does not know the token, or has revoked it',
    client: '401 invalid_token',
    reason: 'token_inactive',
    change: 'use the same authorization server and tenant',
    provoke: introspected({ active: false }),
  },
  {
    cause: 'The authorization server says that the token is for another API',
    client: '401 invalid_token',
    reason: 'audience_mismatch',
    words: `aud is "https://crm.example.com", expected "${AUDIENCE}"`,
    change: 'audience',
    provoke: introspected({ ...ACTIVE, aud: 'https://crm.example.com' }, { audience: AUDIENCE }),
  },
  {
    cause: 'A refresh token was sent instead of the access token',
    client: '401 invalid_token',
    reason: 'token_type_refused',
    words: 'token_type is "refresh_token"',
    change: 'Send the access token',
    provoke: introspected({ ...ACTIVE, token_type: 'refresh_token' }),
  },
  {
    cause: 'The authorization server does not introspect JWTs',
    client: '401 invalid_token',
    reason: 'token_type_unsupported',
    change: 'JwtHandler',
    provoke: introspected({ error: 'unsupported_token_type' }, {}, 400),
  },
  {
    cause: 'The token was revoked here (`revokeToken`)',
    client: '401 invalid_token',
    reason: 'token_revoked',
    change: 'new token',
    provoke: revoked((revocations, token) => revocations.revokeToken(token)),
  },
  {
    cause: 'The id of the token was revoked (`revokeJti`)',
    client: '401 invalid_token',
    reason: 'token_revoked',
    change: 'new token',
    provoke: revoked((revocations) => revocations.revokeJti(CLAIMS.jti)),
  },
  {
    cause: 'Tokens of its client were revoked (`revokeClient`)',
    client: '401 invalid_token',
    reason: 'token_revoked',
    change: 'new token',
    provoke: revoked((revocations) => revocations.revokeClient(CLAIMS.client_id)),
  },
  {
    cause: 'The user logged out everywhere (`revokeSubject`)',
    client: '401 invalid_token',
    reason: 'token_revoked',
    change: 'log in again',
    provoke: revoked((revocations) => revocations.revokeSubject(CLAIMS.sub)),
  },
  {
    cause: 'The user logged out of the session (`revokeSession`, or a back-channel logout)',
    client: '401 invalid_token',
    reason: 'token_revoked',
    change: 'log in again',
    provoke: revoked((revocations) => revocations.revokeSession('s1', { subject: CLAIMS.sub })),
  },
];
