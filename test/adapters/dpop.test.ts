import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecurityChain } from '@sallyport/core';
import { DpopClient, DpopUnderTest, TOKEN_KEY } from '../handlers/dpop/dpop-fixture.js';
import { tokenBy } from '../handlers/jwt/jwt-fixture.js';
import { ADAPTERS, type DemoServer } from './demo-servers.js';
import { ask, requestText } from './raw-client.js';

const owner = new DpopClient();
const token = owner.token();

describe.each(ADAPTERS)('$name takes DPoP tokens as all do', ({ open, protocol }) => {
  let under: DpopUnderTest;
  let server: DemoServer;
  beforeEach(async () => {
    under = new DpopUnderTest();
    server = await open(new SecurityChain({ requirement: under.handler }, { clock: under.clock }));
  });
  afterEach(() => server.close());

  const sent = async (lines: readonly string[]) => ask(server.port, protocol, requestText('GET', '/orders', lines));
  const challenges = ({ lines }: Awaited<ReturnType<typeof sent>>) =>
    lines
      .filter((line) => /^www-authenticate:/i.test(line))
      .join(', ')
      .replace(/error_description="[^"]*"/g, '…');

  test('a proof is good once [RFC 9449 7.1, 11.1]', async () => {
    const lines = [`Authorization: DPoP ${token}`, `DPoP: ${owner.proof(token)}`];
    expect((await sent(lines)).status).toBe(200);
    const again = await sent(lines);
    expect(again.status).toBe(401);
    expect(challenges(again)).toContain('error="invalid_dpop_proof"');
  });

  test('two proofs are refused, in two lines and in one [RFC 9449 4.3 (1)]', async () => {
    const [one, other] = [owner.proof(token), owner.proof(token)];
    for (const proofs of [[`DPoP: ${one}`, `DPoP: ${other}`], [`DPoP: ${one}, ${other}`]]) {
      expect((await sent([`Authorization: DPoP ${token}`, ...proofs])).status).toBe(401);
    }
    expect((await sent([`Authorization: DPoP ${token}`, `DPoP: ${one}`])).status).toBe(200);
  });

  test('a nonce is asked for in DPoP-Nonce, and then good [RFC 9449 9]', async () => {
    const late = { iat: 0 };
    const asked = await sent([`Authorization: DPoP ${token}`, `DPoP: ${owner.proof(token, { claims: late })}`]);
    const nonce = asked.lines.find((line) => /^dpop-nonce:/i.test(line))?.replace(/^[^:]*:\s*/, '');
    expect([asked.status, nonce]).toEqual([401, expect.stringMatching(/^\S+$/)]);
    expect(challenges(asked)).toContain('error="use_dpop_nonce"');
    const proof = owner.proof(token, { claims: { ...late, nonce } });
    expect((await sent([`Authorization: DPoP ${token}`, `DPoP: ${proof}`])).status).toBe(200);
  });

  test('a bound token is refused as Bearer, and an unbound one is good [RFC 9449 7.2]', async () => {
    const refused = await sent([`Authorization: Bearer ${token}`, `DPoP: ${owner.proof(token)}`]);
    expect(refused.status).toBe(401);
    expect(challenges(refused)).toMatch(/Bearer realm="test",.*error="invalid_token".*DPoP realm="test",/);
    expect((await sent([`Authorization: Bearer ${tokenBy(TOKEN_KEY)}`])).status).toBe(200);
  });

  test('a scope that is missing is told by the scheme that was used [RFC 6750 3.1]', async () => {
    const poor = owner.token({ scope: 'other' });
    const answer = await sent([`Authorization: DPoP ${poor}`, `DPoP: ${owner.proof(poor)}`]);
    expect(answer.status).toBe(403);
    expect(challenges(answer)).toMatch(/DPoP .*error="insufficient_scope"/);
    expect(challenges(answer)).not.toContain('Bearer');
  });
});
