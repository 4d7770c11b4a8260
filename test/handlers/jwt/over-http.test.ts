import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { type JwtUnderTest, jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const EC = newKey('ES256', 'key-1');

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

/** The whole answer to a request with these header lines, byte by byte. */
async function ask(jwt: JwtUnderTest, ...lines: readonly string[]): Promise<string> {
  const { clock, handler } = jwt;
  const guards = [requireScopes('orders:read')];
  const secure = httpSecurity(new SecurityChain({ requirement: handler, guards }, { clock, random: () => 0 }));
  server = createServer(secure((_, response, principal) => response.end(principal.subject)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

function withKey(): JwtUnderTest {
  return jwtWith(trusted({ publicKey: EC.publicKey }));
}

describe('over a socket', () => {
  test('a good token reaches the application', async () => {
    const answer = await ask(withKey(), `Authorization: bearer ${tokenBy(EC)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/alice$/);
  });

  test('a bad one is 401 with invalid_token, and nothing says why (RFC 6750 3.1)', async () => {
    const answer = await ask(withKey(), `Authorization: Bearer ${tokenBy(newKey('ES256'))}`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/\r\nwww-authenticate: Bearer realm="test", error="invalid_token"/i);
    expect(answer).toMatch(/\r\ncache-control: no-store\r\n/i);
    expect(answer).not.toContain('signature');
  });

  test('none at all is 401 without an error code (RFC 6750 3.1)', async () => {
    const answer = await ask(withKey());
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/\r\nwww-authenticate: Bearer realm="test", scope="orders:read"\r\n/i);
  });

  test('one without the scope is 403 with insufficient_scope (RFC 6750 3.1)', async () => {
    const answer = await ask(withKey(), `Authorization: Bearer ${tokenBy(EC, { scope: 'other' })}`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toMatch(/error="insufficient_scope"[^\r]*scope="orders:read"/);
  });

  test.each([
    ['two lines', [`Authorization: Bearer ${tokenBy(EC)}`, `Authorization: Bearer ${tokenBy(EC)}`]],
    ['two in one line', [`Authorization: Bearer ${tokenBy(EC)}, Bearer ${tokenBy(EC)}`]],
    ['no b64token', ['Authorization: Bearer a b']],
  ])('%s are 400 with invalid_request (RFC 6750 3.1)', async (_, lines) => {
    const answer = await ask(withKey(), ...lines);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('error="invalid_request"');
  });

  test('an outage of the key server is 503 with Retry-After, and no challenge (RFC 9110 15.6.4)', async () => {
    const keys = await keyServer();
    keys.answer = (_request, response) => response.writeHead(500, { 'retry-after': '7' }).end();
    const answer = await ask(jwtWith(trusted(published(keys))), `Authorization: Bearer ${tokenBy(EC)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nretry-after: 7\r\n/i);
    expect(answer).not.toMatch(/www-authenticate/i);
  });
});
