import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.js';
import { type Answer, bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

const REDIRECT_URI = 'https://client.example/callback';

let gateway: GatewayProcess;
let client: Client;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const registration = await gateway.register({
    callbackUrl: REDIRECT_URI,
    clientName: 'web_application',
    owner: 'admin',
    grantType: 'authorization_code refresh_token',
    saasApp: true,
  });
  client = registration.json as Client;
});
afterAll(async () => {
  await gateway.stop();
});

function authorizationUrl(parameters: Record<string, string>): string {
  const all = new URLSearchParams({
    client_id: client.clientId,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid apim:tier_view',
    state: 'of-the-client',
    ...parameters,
  });
  return `${gateway.origin}/oauth2/authorize?${all}`;
}

/** Logs in as a person does; where the browser is sent to in the end. */
async function logIn(
  verifier: string,
  browser = new Browser(gateway),
  parameters: Record<string, string> = {},
): Promise<URL> {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const page = await browser.open(
    authorizationUrl({ code_challenge: challenge, code_challenge_method: 'S256', ...parameters }),
  );
  expect(page.answer.text).toContain('<h1>Log in</h1>');
  const wrong = await browser.open(page.url, { username: 'admin', password: 'wrong' });
  expect(wrong.answer.status).toBe(401);
  const { answer } = await browser.open(page.url, { username: 'admin', password: 'admin' });
  return new URL(answer.headers['location'] as string);
}

function redeem(code: string | null, verifier: string): Promise<Answer> {
  return gateway.token(client, {
    grant_type: 'authorization_code',
    code: code ?? '',
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  });
}

describe('the authorization code grant', () => {
  test('leads over the login page to tokens that the API takes (RFC 6749 4.1, RFC 7636 4)', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const sentTo = await logIn(verifier);
    expect(sentTo.href.startsWith(`${REDIRECT_URI}?`)).toBe(true);
    expect(sentTo.searchParams.get('state')).toBe('of-the-client');
    const { status, json } = await redeem(sentTo.searchParams.get('code'), verifier);
    expect([status, json['token_type']]).toEqual([200, 'Bearer']);
    expect(json['id_token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect((await gateway.api('/end-points', bearer(json['access_token']))).status).toBe(200);
  });

  test.each(['urn:gateway:jwt:ES256', 'the address of the API'])(
    'leads to a JWT for %s (RFC 8707 2)',
    async (named) => {
      const verifier = randomBytes(32).toString('base64url');
      const resource = named.startsWith('urn:') ? named : `${gateway.origin}/api/am/gateway/v1`;
      const code = (await logIn(verifier, new Browser(gateway), { resource })).searchParams.get('code');
      const { json } = await redeem(code, verifier);
      expect(json['access_token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      expect((await gateway.api('/end-points', bearer(json['access_token']))).status).toBe(200);
    },
  );

  test('a code with another verifier is refused (RFC 7636 4.6)', async () => {
    const code = (await logIn(randomBytes(32).toString('base64url'))).searchParams.get('code');
    const answer = await redeem(code, randomBytes(32).toString('base64url'));
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant']);
  });

  test('a code works once; a second use ends the tokens of the first (RFC 6749 4.1.2)', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const code = (await logIn(verifier)).searchParams.get('code');
    const first = await redeem(code, verifier);
    expect((await gateway.api('/end-points', bearer(first.json['access_token']))).status).toBe(200);
    const second = await redeem(code, verifier);
    expect([second.status, second.json['error']]).toEqual([400, 'invalid_grant']);
    expect((await gateway.api('/end-points', bearer(first.json['access_token']))).status).toBe(401);
  });

  test('without a code challenge there is no code (RFC 9700 2.1.1)', async () => {
    const { answer } = await new Browser(gateway).open(authorizationUrl({}));
    expect(new URL(answer.headers['location'] as string).searchParams.get('error')).toBe('invalid_request');
  });

  test('an address that was not registered gets no redirect (RFC 6749 4.1.2.1)', async () => {
    const { answer } = await new Browser(gateway).open(authorizationUrl({ redirect_uri: 'https://attacker.example/' }));
    expect([answer.status, answer.headers['location']]).toEqual([400, undefined]);
  });
});

describe('a person who is logged in', () => {
  const evil = { clientName: '<b>"Good" & known</b>', callbackUrl: 'https://attacker.example/cb', owner: 'subscriber' };
  let browser: Browser;
  let page: { url: string; answer: Answer };

  beforeAll(async () => {
    browser = new Browser(gateway);
    await logIn(randomBytes(32).toString('base64url'), browser);
    const payload = { ...evil, grantType: 'authorization_code', saasApp: true };
    const { json } = await gateway.register(payload, 'subscriber');
    page = await browser.open(
      authorizationUrl({
        client_id: json['clientId'],
        redirect_uri: evil.callbackUrl,
        scope: 'apim:admin',
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      }),
    );
  });

  test('is asked before an application gets anything, and told its name, address and wishes (RFC 6749 10.2)', () => {
    expect(page.answer.status).toBe(200);
    for (const shown of [
      'logged in as admin',
      '&#60;b&#62;&#34;Good&#34; &#38; known',
      evil.callbackUrl,
      'apim:admin',
    ]) {
      expect(page.answer.text).toContain(shown);
    }
    expect(page.answer.text).not.toContain('<b>"Good"');
  });

  test('consents by nothing but the button: a form from elsewhere comes without the cookie (RFC 6749 10.12)', async () => {
    const answer = await gateway.call(page.url, { form: { decision: 'allow' } });
    expect([answer.status, answer.headers['location']]).toEqual([400, undefined]);
  });

  test('may decline', async () => {
    const { answer } = await browser.open(page.url, { decision: 'deny' });
    const sentTo = new URL(answer.headers['location'] as string);
    expect([sentTo.searchParams.get('error'), sentTo.searchParams.get('code')]).toEqual(['access_denied', null]);
  });
});

test('the login page says which application is let in, and where it is', async () => {
  const parameters = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
  const { answer } = await new Browser(gateway).open(authorizationUrl(parameters));
  for (const shown of ['web_application', REDIRECT_URI, 'apim:tier_view']) expect(answer.text).toContain(shown);
});

test('who allows an application sends it a code', async () => {
  const browser = new Browser(gateway);
  const verifier = randomBytes(32).toString('base64url');
  await logIn(verifier, browser);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const parameters = { code_challenge: challenge, code_challenge_method: 'S256', prompt: 'consent' };
  const { url } = await browser.open(authorizationUrl(parameters));
  const { answer } = await browser.open(url, { decision: 'allow' });
  const code = new URL(answer.headers['location'] as string).searchParams.get('code');
  expect((await redeem(code, verifier)).status).toBe(200);
});
