import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ManualClock } from '@sallyport/core/testing';
import type { Adapter, KoaContextWithOIDC } from 'oidc-provider';
import {
  INTERACTION_SECONDS,
  MAX_INTERACTIONS,
  PendingInteractions,
} from '../../examples/gateway/src/authorization-server/pending-interactions.js';
import { Browser } from '../support/browser.js';
import { type Answer, bearer, type Client, GatewayProcess } from '../support/gateway-process.js';

const REDIRECT_URI = 'https://client.example/callback';
/** Each party comes from an address of its own. */
const ATTACKER = '127.0.0.66';
const OWNER = '127.0.0.7';

let gateway: GatewayProcess;
let client: Client;

beforeAll(async () => {
  gateway = await GatewayProcess.start(['--host', '127.0.0.1']);
  client = await register('limited');
});
afterAll(async () => {
  await gateway.stop();
});

async function register(clientName: string): Promise<Client> {
  const grantType = 'password authorization_code refresh_token';
  const payload = { callbackUrl: REDIRECT_URI, clientName, owner: 'admin', grantType, saasApp: true };
  return (await gateway.register(payload)).json as Client;
}

function passwordGrant(user: string, password: string, from: string, as = client): Promise<Answer> {
  return gateway.token(as, { grant_type: 'password', username: user, password, scope: 'apim:tier_view' }, { from });
}

function authorizationUrl(): string {
  const parameters = new URLSearchParams({
    client_id: client.clientId,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid apim:tier_view',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
  return `${gateway.origin}/oauth2/authorize?${parameters}`;
}

/** The statuses of attempts one after the other. */
async function statuses(count: number, attempt: (index: number) => Promise<Answer>): Promise<number[]> {
  const seen: number[] = [];
  for (let index = 0; index < count; index += 1) seen.push((await attempt(index)).status);
  return seen;
}

/** Ten failures of one network on one account, then nothing more is checked. */
const TEN_THEN_429 = (failure: number) => [...new Array<number>(10).fill(failure), 429, 429];

describe('guesses of a password', () => {
  test('at the token endpoint end with 429 and Retry-After, known user or not, the right password too', async () => {
    for (const user of ['creator', 'nobody']) {
      expect(await statuses(12, (index) => passwordGrant(user, `guess${index}`, ATTACKER))).toEqual(TEN_THEN_429(400));
    }
    const known = await passwordGrant('creator', 'creator', ATTACKER);
    const unknown = await passwordGrant('nobody', 'nobody', ATTACKER);
    expect([known.status, known.text]).toEqual([429, unknown.text]);
    expect(known.json['error']).toBe('invalid_grant');
    for (const { headers } of [known, unknown]) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await passwordGrant('creator', 'creator', OWNER)).status).toBe(200);
  });

  test('at the login form end with 429 and Retry-After, and count for the other doors', async () => {
    const browser = new Browser(gateway, ATTACKER);
    const { url } = await browser.open(authorizationUrl());
    const guess = async (index: number) =>
      (await browser.open(url, { username: 'publisher', password: `guess${index}` })).answer;
    expect(await statuses(12, guess)).toEqual(TEN_THEN_429(401));
    const { answer } = await browser.open(url, { username: 'publisher', password: 'publisher' });
    expect([answer.status, answer.headers['location']]).toEqual([429, undefined]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await passwordGrant('publisher', 'publisher', ATTACKER)).status).toBe(429);
    expect((await passwordGrant('publisher', 'publisher', OWNER)).status).toBe(200);
  });

  test('in a form are read as they are: a colon in the name does not move a part of it into the password', async () => {
    for (const [user, password] of [
      ['subscriber:sub', 'scriber'],
      ['subscriber:', 'subscriber'],
    ] as const) {
      expect((await passwordGrant(user, password, OWNER)).status).toBe(400);
    }
  });
});

test("guesses of a client's secret end with 429, and the client goes on from elsewhere", async () => {
  const guessed = await register('guessed');
  const guess = (index: number) =>
    passwordGrant('admin', 'admin', ATTACKER, { ...guessed, clientSecret: `guess${index}` });
  expect(await statuses(12, guess)).toEqual(TEN_THEN_429(401));
  const limited = await passwordGrant('admin', 'admin', ATTACKER, guessed);
  expect([limited.status, limited.json['error']]).toEqual([429, 'invalid_client']);
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  expect((await passwordGrant('admin', 'admin', OWNER, guessed)).status).toBe(200);
});

test("guesses of the gateway's own secret do not take introspection from it", async () => {
  const own = (index: number) => ({ clientId: 'gateway', clientSecret: `guess${index}` });
  const guesses = await statuses(12, (index) => gateway.revoke(own(index), 'x'));
  expect(new Set(guesses)).toEqual(new Set([401]));
  const { json } = await passwordGrant('admin', 'admin', OWNER);
  expect((await gateway.api('/end-points', bearer(json['access_token']))).status).toBe(200);
});

test('a flood of /authorize from one network takes logins neither from those who began nor from new ones', async () => {
  const early = new Browser(gateway, OWNER);
  const page = await early.open(authorizationUrl());
  const flood = await Promise.all(
    Array.from({ length: 220 }, () => gateway.call(authorizationUrl(), { from: ATTACKER })),
  );
  const begun = flood.filter(({ headers }) => String(headers['location']).includes('/oauth2/login/'));
  const refused = flood.filter(({ status, headers }) => status === 503 && Number(headers['retry-after']) > 0);
  expect(begun.length).toBeLessThan(200);
  expect(begun.length + refused.length).toBe(220);
  const late = new Browser(gateway, OWNER);
  const latePage = await late.open(authorizationUrl());
  for (const [browser, { url }] of [[early, page] as const, [late, latePage] as const]) {
    const { answer } = await browser.open(url, { username: 'admin', password: 'admin' });
    expect(new URL(answer.headers['location'] as string).searchParams.get('code')).not.toBeNull();
  }
});

describe('interactions that nobody ends', () => {
  const clock = new ManualClock();
  const records = new Map<string, object>();
  const kept = {
    upsert: async (id: string, payload: object) => void records.set(id, payload),
    destroy: async (id: string) => void records.delete(id),
  } as unknown as Adapter;
  let remoteAddress = '';
  const context = {
    req: {
      socket: {
        get remoteAddress() {
          return remoteAddress;
        },
      },
    },
    set: () => {},
  };
  const pending = new PendingInteractions(kept, () => context as unknown as KoaContextWithOIDC, clock);
  let count = 0;

  /** Whether one could be begun from an address. */
  async function begin(address: string): Promise<string | undefined> {
    remoteAddress = address;
    count += 1;
    const id = `interaction${count}`;
    return pending.adapter.upsert(id, {}, INTERACTION_SECONDS).then(
      () => id,
      (error: { status: number }) => expect(error.status).toBe(503) as undefined,
    );
  }

  test('are bounded, whatever the number of networks; one from which somebody has logged in still gets a place', async () => {
    pending.noteLogin('alice', '198.51.100.7');
    const theirs = await begin('203.0.113.1');
    for (let network = 0; network < 3 * MAX_INTERACTIONS; network += 1) {
      await begin(`2001:db8:${(network % 7).toString(16)}:${network.toString(16)}::1`);
    }
    expect([pending.size, records.size]).toEqual([MAX_INTERACTIONS, MAX_INTERACTIONS]);
    expect(records.has(theirs as string)).toBe(true);
    const known = await begin('198.51.100.7');
    expect(records.has(known as string)).toBe(true);
    expect([pending.size, records.size]).toEqual([MAX_INTERACTIONS, MAX_INTERACTIONS]);
  });

  test('give their places back when their life ends', async () => {
    clock.pass(INTERACTION_SECONDS);
    expect(records.has((await begin('203.0.113.2')) as string)).toBe(true);
    expect(pending.size).toBe(1);
  });
});
