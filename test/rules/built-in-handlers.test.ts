import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { AuthorizationServer, handlerRules, ManualClock, type Rule } from '@sallyport/core/testing';
import {
  type Account,
  ApiKeyHandler,
  BasicHandler,
  IntrospectionHandler,
  JwtHandler,
  MutualTlsHandler,
  type TrustedIssuer,
  WebhookHandler,
} from '@sallyport/handlers';
import { KeyFormat } from '../../packages/handlers/src/api-key/form/key-format.js';
import { SECRET as KEY_SECRET, ObservedStore } from '../handlers/api-key/api-key-fixture.js';
import { accountOf, CHEAP } from '../handlers/basic/basic-fixture.js';
import { fromGithub, OLD_SECRET, SECRET } from '../handlers/webhook/deliveries.js';
import { authority, type Issued, issue } from '../support/certificates.js';

/** The clock of a starting handler runs fast while one server is silent; the others must be able to answer before. */
const OUTBOUND = { allowInsecureLoopback: true, timeoutMs: 6_000 };

let server: AuthorizationServer;
/** A server that takes requests and never answers, and one that always fails. */
let silent: AuthorizationServer;
let failing: AuthorizationServer;
let alice: Account;

beforeAll(async () => {
  const clock = new ManualClock();
  [server, silent, failing] = await Promise.all([
    AuthorizationServer.start({ clock }),
    AuthorizationServer.start({ clock }),
    AuthorizationServer.start({ clock }),
  ]);
  for (const endpoint of ['metadata', 'jwks', 'introspection'] as const) {
    silent.breakDown(endpoint, 'hang');
    failing.breakDown(endpoint, { status: 500 });
  }
  alice = await accountOf('alice', 'correct horse battery');
});

afterAll(() => Promise.all([server, silent, failing].map((each) => each.close())));

function keepsTheRules(rules: readonly Rule[]): void {
  for (const { title, check } of rules) test(title, check);
}

describe('the JWT handler', () => {
  const issuerOf = ({ issuer, audience, jwksUri }: AuthorizationServer): TrustedIssuer => {
    return { issuer, audience, algorithms: 'ES256', keys: { jwksUri, outbound: OUTBOUND } };
  };
  keepsTheRules(
    handlerRules(
      (clock) => new JwtHandler({ realm: 'test', issuers: [server, silent, failing].map(issuerOf) }, { clock }),
      async () => ({
        accepted: [await server.as({ subject: 'alice' }), await server.as({ subject: 'bob' })],
        refused: [{ bearer: server.sign({ iss: server.issuer, sub: 'mallory', aud: 'https://elsewhere.example' }) }],
        foreign: [{ bearer: 'an-opaque-token' }],
        unavailable: [await failing.as({ subject: 'alice' })],
        stalled: await silent.as({ subject: 'alice' }),
      }),
    ),
  );
});

describe('the introspection handler', () => {
  keepsTheRules(
    handlerRules(
      (clock) => {
        const options = { realm: 'test', outbound: OUTBOUND };
        const { introspectionEndpoint: endpoint, clientId, clientSecret } = server;
        const clientAuthentication = { method: 'client_secret_post' as const, clientId, clientSecret };
        return new IntrospectionHandler({ ...options, endpoint, clientAuthentication }, { clock });
      },
      async () => {
        server.breakDownFor('a-token-that-fails', { status: 500 });
        server.breakDownFor('a-token-that-stalls', 'hang');
        return {
          accepted: [await server.as({ subject: 'alice' }, { opaque: true }), await server.as({ subject: 'bob' })],
          refused: [{ bearer: 'an-unknown-token' }],
          unavailable: [{ bearer: 'a-token-that-fails' }],
          stalled: { bearer: 'a-token-that-stalls' },
          secrets: [server.clientSecret],
        };
      },
    ),
  );
});

describe('the Basic handler', () => {
  const users = {
    find: (name: string) => {
      if (name === 'stalled') return new Promise<never>(() => {});
      if (name === 'outage') throw new Error('the directory is down');
      return name === 'alice' ? alice : undefined;
    },
  };
  keepsTheRules(
    handlerRules((clock) => new BasicHandler({ realm: 'test', users, hashing: CHEAP }, { clock }), {
      accepted: [{ basic: ['alice', 'correct horse battery'] }],
      refused: [{ basic: ['alice', 'wrong horse battery'] }, { basic: ['nobody', 'correct horse battery'] }],
      unavailable: [{ basic: ['outage', 'correct horse battery'] }],
      stalled: { basic: ['stalled', 'correct horse battery'] },
    }),
  );
});

describe('the API key handler', () => {
  const unused = new Map(['outage', 'stalled'].map((what) => [what, new KeyFormat('acme').issue()]));
  const store = new ObservedStore((id) => {
    if (id === unused.get('stalled')?.id) return new Promise(() => {});
    if (id === unused.get('outage')?.id) throw new Error('the database is down');
  });
  const sent = (text = '') => ({ headers: { 'X-API-Key': text } });
  const options = { prefix: 'acme', secret: KEY_SECRET, store };
  keepsTheRules(
    handlerRules(
      (clock) => new ApiKeyHandler(options, { clock }),
      async () => {
        const { keys } = new ApiKeyHandler(options, { clock: new ManualClock() });
        const [alice, bob, revoked] = await Promise.all(
          ['alice', 'bob', 'mallory'].map((subject) => keys.create({ subject })),
        );
        await store.delete(revoked?.record.id ?? '');
        return {
          accepted: [sent(alice?.key.reveal()), sent(bob?.key.reveal())],
          refused: [
            sent(revoked?.key.reveal()),
            sent(new KeyFormat('acme').issue().text),
            sent('a-key-of-another-system'),
          ],
          foreign: [{ headers: { 'X-Other-Key': 'a-key-of-another-system' } }],
          unavailable: [sent(unused.get('outage')?.text)],
          stalled: sent(unused.get('stalled')?.text),
          secrets: [KEY_SECRET],
        };
      },
    ),
  );
});

describe('the mutual TLS handler', () => {
  const named = (value: string) => ({ names: [{ type: 'dns', value } as const] });
  let ca: Issued;
  beforeAll(async () => {
    ca = await authority('Root');
  });
  keepsTheRules(
    handlerRules(
      (clock) =>
        new MutualTlsHandler(
          {
            identity: 'dns',
            issuedBy: ca.cert,
            mapPrincipal: (init) => {
              if (init.subject === 'stalled') return new Promise<never>(() => {});
              return init.subject === 'outage' ? Promise.reject(new Error('down')) : init;
            },
          },
          { clock },
        ),
      async () => ({
        accepted: [
          { certificate: (await issue({ by: ca, ...named('alice') })).x509 },
          { certificate: (await issue({ by: ca, ...named('bob') })).x509 },
        ],
        refused: [{ certificate: (await issue(named('alice'))).x509 }],
        unavailable: [{ certificate: (await issue({ by: ca, ...named('outage') })).x509 }],
        stalled: { certificate: (await issue({ by: ca, ...named('stalled') })).x509 },
      }),
    ),
  );
});

describe('the webhook handler', () => {
  const body = '{"id":"evt_1"}';
  /** Without its identifier, which is no secret. */
  const signed = (secret: string) => ({ 'X-Hub-Signature-256': fromGithub(body, secret)['X-Hub-Signature-256'] ?? '' });
  keepsTheRules(
    // A scheme without a time, because the rules send the same delivery several times.
    handlerRules((clock) => new WebhookHandler({ scheme: 'github', secrets: SECRET }, { clock }), {
      accepted: [{ headers: signed(SECRET), body }],
      refused: [{ headers: signed(OLD_SECRET), body }],
      foreign: [{ headers: { 'Stripe-Signature': 't=0' } }],
      secrets: [SECRET, OLD_SECRET],
    }),
  );
});
