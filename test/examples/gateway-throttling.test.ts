import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await GatewayProcess.start([
    '--host',
    '127.0.0.1',
    '--application-tier',
    '10PerMin',
    '--subscription-tier',
    'Bronze',
  ]);
});
afterAll(async () => {
  await gateway.stop();
});

/** The token of an application. */
async function tokenOf(clientName: string): Promise<string> {
  const payload = { clientName, owner: 'admin', grantType: 'password', saasApp: true };
  const client = (await gateway.register(payload)).json as Client;
  const form = { grant_type: 'password', username: 'admin', password: 'admin', scope: 'apim:tier_view' };
  return (await gateway.token(client, form)).json['access_token'] as string;
}

const fieldsOf = ({ headers }: Answer) => [headers['ratelimit-policy'], headers['ratelimit']].map(String);

describe('tiers of the gateway', () => {
  test('an application gets as many requests in a minute as its tier says, then 429; others go on', async () => {
    const [one, other] = [await tokenOf('one'), await tokenOf('other')];
    const answers: Answer[] = [];
    for (let turn = 0; turn < 12; turn += 1) answers.push(await gateway.api('/end-points', bearer(one)));
    expect(answers.map(({ status }) => status)).toEqual([...new Array<number>(10).fill(200), 429, 429]);
    expect(fieldsOf(answers[0] as Answer)).toEqual([
      '"application";q=10;w=60, "subscription.gateway-api";q=1000;w=60',
      expect.stringMatching(/^"application";r=9;t=60, "subscription.gateway-api";r=999;t=60$/),
    ]);
    const refused = answers[11] as Answer;
    expect(refused.json).toMatchObject({ code: 429, message: 'Too Many Requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(fieldsOf(refused)[1]).toMatch(/^"application";r=0;t=\d+$/);
    expect((await gateway.api('/end-points', bearer(other))).status).toBe(200);
  });

  test('are named on the command line, and a name that is none is told', async () => {
    await expect(GatewayProcess.start(['--application-tier', 'Platinum'])).rejects.toThrow();
  });
});
