import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentedServer } from './documented-server.js';
import { openGuide } from './open-guide.js';
import { TokenAuthority } from './token-authority.js';

describe('docs/revocation.md', () => {
  const guide = openGuide('docs/revocation.md');
  let authority: TokenAuthority;

  beforeAll(async () => {
    authority = await TokenAuthority.start();
  });

  afterAll(() => authority.close());

  const start = (file: string) =>
    DocumentedServer.start(guide.project.folder, file, {
      ISSUER: authority.origin,
      NODE_EXTRA_CA_CERTS: authority.certificateFile,
    });

  test('a logout ends the tokens of its subject, once', async () => {
    const server = await start('api.js');
    const headers = { authorization: `Bearer ${authority.jwt('reader', 'orders')}` };
    const ask = async () => (await fetch(`${server.origin}/orders`, { headers })).status;
    const body = () => new URLSearchParams({ logout_token: authority.logoutToken('shop') });
    const send = async (form: URLSearchParams) =>
      (await fetch(`${server.origin}/backchannel-logout`, { method: 'POST', body: form })).status;
    expect(await ask()).toBe(200);
    expect(await send(new URLSearchParams({ logout_token: authority.logoutToken('billing') }))).toBe(400);
    expect(await ask()).toBe(200);
    const logout = body();
    expect(await send(logout)).toBe(200);
    expect(await ask()).toBe(401);
    expect(await send(logout)).toBe(400);
    await server.stop();
  });

  test('whoever has the scope revokes a token, and nobody else', async () => {
    const server = await start('revoke.js');
    const revoke = async (token: string) => {
      const headers = { authorization: `Bearer ${authority.jwt(token, 'orders')}` };
      const body = new URLSearchParams({ token: 'opaque' });
      return (await fetch(`${server.origin}/revoke`, { method: 'POST', headers, body })).status;
    };
    expect([await revoke('writer'), await revoke('reader'), await revoke('stranger')]).toEqual([200, 403, 401]);
    await server.stop();
  });
});
