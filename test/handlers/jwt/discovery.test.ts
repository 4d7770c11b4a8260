import { describe, expect, test } from '@jest/globals';
import { jwtWith, keyServer, nextKeySetEvent, tokenBy, trusted } from './jwt-fixture.js';
import { json, type KeyServer, keySet } from './key-server.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');
const FIRST = '/.well-known/oauth-authorization-server';
const SECOND = '/.well-known/openid-configuration';
const DISCOVERY = { discovery: true, outbound: { allowInsecureLoopback: true } } as const;

type Answer = KeyServer['answer'];

function status(code: number, headers: Record<string, string> = { 'content-type': 'text/plain' }): Answer {
  return (_request, response) => response.writeHead(code, headers).end('no');
}

/** A server that publishes its metadata at the second place, and answers this at the first. */
async function serverWith(first: (origin: string) => Answer, second?: (server: KeyServer) => Answer) {
  const server = await keyServer();
  const { origin: issuer, jwksUri } = server;
  const metadata = second?.(server) ?? json({ issuer, jwks_uri: jwksUri });
  server.answer = (request, response) => {
    const pages: Record<string, Answer> = { [FIRST]: first(issuer), [SECOND]: metadata, '/jwks': keySet([EC.jwk]) };
    (pages[String(request.url)] ?? status(404))(request, response);
  };
  const jwt = jwtWith(trusted(DISCOVERY, { issuer }));
  return { server, issuer, jwt, outcome: () => jwt.outcome(tokenBy(EC, { iss: issuer })) };
}

const OTHER = 'https://oauth.apps.example';

describe('metadata are looked for at the next place (OpenID Connect Discovery 4)', () => {
  test.each<[string, (issuer: string) => Answer]>([
    ...[400, 401, 403, 404, 405, 406, 410, 500, 502].map(
      (code) => [`status ${code}`, () => status(code)] as [string, () => Answer],
    ),
    ['a redirect, which is not followed', () => status(302, { location: 'https://login.example/' })],
    ['a page for people', () => status(200, { 'content-type': 'text/html' })],
    ["another issuer's metadata (RFC 8414 3.3)", () => json({ issuer: OTHER, jwks_uri: `${OTHER}/jwks` })],
    ['metadata without an issuer (RFC 8414 2)', () => json({ jwks_uri: `${OTHER}/jwks` })],
    ['metadata without a jwks_uri (RFC 8414 2)', (issuer) => json({ issuer })],
    ['metadata that are no object', () => json([])],
  ])('after %s', async (_, first) => {
    const { server, outcome } = await serverWith(first);
    expect(await outcome()).toBe('granted');
    expect(server.asked).toEqual([FIRST, SECOND, '/jwks']);
  });

  test('but not after no answer at all: the next place is on the same host', async () => {
    const { server, jwt, outcome } = await serverWith(() => (request) => request.socket.destroy());
    const asking = outcome();
    // The deadlines of decision and call, and the pause before the second try.
    while (jwt.clock.waiting < 3) await new Promise(setImmediate);
    jwt.clock.pass(0.06);
    expect(await asking).toBe('503 err_sallyport_upstream_unreachable');
    expect(server.asked).not.toContain(SECOND);
  });
});

test('what was wrong at each place is told, with the issuer that was expected and the one that came (RFC 8414 3.3)', async () => {
  const { issuer, outcome } = await serverWith(
    () => status(403),
    ({ origin, jwksUri }) => json({ issuer: `${origin}/`, jwks_uri: jwksUri }),
  );
  const failed = nextKeySetEvent('keys_unavailable');
  expect(await outcome()).toBe('503 err_sallyport_upstream_body');
  expect(await failed).toMatchObject({
    issuer,
    reason: 'ERR_SALLYPORT_UPSTREAM_BODY',
    detail:
      `the metadata were not found at ${issuer}${FIRST}: the answer has status 403; ` +
      `${issuer}${SECOND}: the metadata name another issuer: "${issuer}/" instead of "${issuer}"`,
  });
});

test('what another server says is told in 120 printable characters at most (CWE-117)', async () => {
  const { outcome } = await serverWith(
    () => status(404),
    () => json({ issuer: `\n\u001b[31m\u2028${'x'.repeat(300)}` }),
  );
  const failed = nextKeySetEvent('keys_unavailable');
  await outcome();
  const { detail } = (await failed) as { detail: string };
  expect(detail).toMatch(/another issuer: "[ -~]{118,120}… instead of/);
  expect(detail).not.toMatch(/\p{Cc}|\u2028/u);
});

describe('metadata at a configured URL (metadataUrl)', () => {
  const issuer = 'http://localhost:8080/realms/shop';

  async function inside(named: string) {
    const server = await keyServer();
    server.answer = (request, response) => {
      const metadata = json({ issuer: named, jwks_uri: server.jwksUri });
      const pages: Record<string, Answer> = { '/inside': metadata, '/jwks': keySet([EC.jwk]) };
      (pages[String(request.url)] ?? status(404))(request, response);
    };
    return jwtWith(trusted({ ...DISCOVERY, metadataUrl: `${server.origin}/inside` }, { issuer }));
  }

  test('are looked for there, whatever the issuer is called', async () => {
    expect(await (await inside(issuer)).outcome(tokenBy(EC, { iss: issuer }))).toBe('granted');
  });

  test('have to name the issuer all the same (RFC 8414 3.3)', async () => {
    const jwt = await inside('http://keycloak:8080/realms/shop');
    expect(await jwt.outcome(tokenBy(EC, { iss: issuer }))).toBe('503 err_sallyport_upstream_body');
  });
});
