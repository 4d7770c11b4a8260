import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { requireAuthentication, type SecurityHandler } from '@sallyport/core';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import * as client from 'openid-client';
import { PromptClock } from '../support/prompt-clock.js';
import { GuardedApi } from './guarded-api.js';
import { type OidcProvider, OidcProviders, SHOP } from './oidc-provider.js';
import { CALLBACK, Person } from './person.js';
import { AUDIENCE } from './set-ups.js';

// A client that others wrote is told by the API what a login lacks, and gets it from a server that others wrote (RFC 9470).

const REGISTERED = {
  client_id: 'till',
  client_secret: 'a secret of the till',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: [CALLBACK],
};
/** Everything happens within this time, which is over by the clock of this machine: the client trusts no date ahead. */
const LONG_AGO_SECONDS = 500;
const DEMAND = { acrValues: ['mfa'], maxAgeSeconds: 120 };

let clock: PromptClock;
let providers: OidcProviders;
let issuer: OidcProvider;

beforeAll(async () => {
  clock = new PromptClock(Date.now() - LONG_AGO_SECONDS * 1_000);
  providers = await OidcProviders.start(clock);
  issuer = await providers.open({ issuer: 'http://localhost:{port}', clients: [REGISTERED] });
});
afterAll(() => providers.close());

let api: GuardedApi;
afterEach(() => api?.close());

const outbound = { allowInsecureLoopback: true };

const HANDLERS: Readonly<Record<'jwt' | 'opaque', () => SecurityHandler>> = {
  jwt: () => {
    const keys = { discovery: true, outbound } as const;
    const trusted = { issuer: issuer.issuer, audience: AUDIENCE, algorithms: 'ES256', keys } as const;
    return new JwtHandler({ realm: 'orders', issuers: [trusted] }, { clock });
  },
  opaque: () => {
    const clientAuthentication = { method: 'client_secret_basic', ...SHOP } as const;
    return new IntrospectionHandler(
      { realm: 'orders', issuer: issuer.issuer, audience: AUDIENCE, clientAuthentication, outbound },
      { clock },
    );
  },
};

/** The client, with the browser of its user. */
class Till {
  readonly #config: client.Configuration;
  readonly #user: Person;
  readonly #resource: string;
  #token = '';

  static async open(user: Person, resource: string): Promise<Till> {
    const { client_id: id, client_secret: secret } = REGISTERED;
    const config = await client.discovery(new URL(issuer.issuer), id, undefined, client.ClientSecretBasic(secret), {
      execute: [client.allowInsecureRequests],
    });
    return new Till(config, user, resource);
  }

  private constructor(config: client.Configuration, user: Person, resource: string) {
    this.#config = config;
    this.#user = user;
    this.#resource = resource;
  }

  /** Gets a token by the code of its user. `asked` is what the challenge of an API wants of the login. */
  async authorize(asked: { readonly acr_values?: string; readonly max_age?: string } = {}): Promise<void> {
    const [pkceCodeVerifier, expectedState] = [client.randomPKCECodeVerifier(), client.randomState()];
    const resource = this.#resource;
    const address = client.buildAuthorizationUrl(this.#config, {
      redirect_uri: CALLBACK,
      scope: 'openid orders:read orders:write',
      resource,
      login_hint: 'alice',
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...asked,
    });
    const answered = await this.#user.authorize(address.href);
    const maxAge = asked.max_age === undefined ? {} : { maxAge: Number(asked.max_age) + LONG_AGO_SECONDS };
    const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true, ...maxAge };
    const { access_token: token } = await client.authorizationCodeGrant(this.#config, answered, checks, { resource });
    this.#token = token;
  }

  /** What the API answers: a status, and the challenge of a refusal. */
  async send(method: string, api: GuardedApi): Promise<{ readonly status: number; readonly asked?: Asked }> {
    const url = new URL(`${api.origin}/orders`);
    try {
      const { status } = await client.fetchProtectedResource(this.#config, this.#token, url, method);
      return { status };
    } catch (error) {
      if (!(error instanceof client.WWWAuthenticateChallengeError)) throw error;
      const [challenge] = error.cause;
      return { status: error.status, asked: { scheme: challenge?.scheme, ...challenge?.parameters } };
    }
  }
}

type Asked = { readonly scheme: string | undefined; readonly acr_values?: string; readonly max_age?: string };

const REFUSED = {
  status: 401,
  asked: {
    scheme: 'bearer',
    realm: 'orders',
    error: 'insufficient_user_authentication',
    error_description: expect.any(String),
    scope: 'orders:write',
    acr_values: 'mfa',
    max_age: '120',
  },
};

describe.each(['jwt', 'opaque'] as const)('openid-client with tokens of oidc-provider: %s', (tokens) => {
  test('logs its user in once more, as the challenge says, and gets in [RFC 9470 3, 4]', async () => {
    api = await GuardedApi.start(HANDLERS[tokens](), {
      clock,
      writing: [requireAuthentication(DEMAND, { clock })],
    });
    const agent = providers.agent();
    const till = await Till.open(
      new Person(issuer.issuer, 'alice', agent),
      tokens === 'jwt' ? `${AUDIENCE}/jwt` : AUDIENCE,
    );
    await till.authorize();
    expect(await till.send('GET', api)).toEqual({ status: 200 });
    const refused = await till.send('POST', api);
    expect(refused).toEqual(REFUSED);

    // Whoever asks for nothing gets a token of the same login.
    await till.authorize();
    expect(await till.send('POST', api)).toEqual(REFUSED);

    const { acr_values, max_age } = refused.asked as Required<Asked>;
    await till.authorize({ acr_values, max_age });
    expect(await till.send('POST', api)).toEqual({ status: 200 });

    // That login grows old, also for a client that renews its token without asking for a new one.
    await providers.pass(DEMAND.maxAgeSeconds + 1);
    expect(await till.send('POST', api)).toEqual(REFUSED);
    await till.authorize({ acr_values });
    expect(await till.send('POST', api)).toEqual(REFUSED);
    expect(await till.send('GET', api)).toEqual({ status: 200 });
    await till.authorize({ acr_values, max_age });
    expect(await till.send('POST', api)).toEqual({ status: 200 });
  });
});
