import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { SallyportModule } from '@sallyport/adapters/nest';
import { anonymous, attempt, MemoryCounterStore, SecurityChain } from '@sallyport/core';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { BasicHandler, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { MutualTlsHandler } from '@sallyport/handlers/mutual-tls';
import { OutboundClient } from '@sallyport/handlers/outbound';
import { supabase } from '@sallyport/handlers/providers';
import { WebhookHandler } from '@sallyport/handlers/webhook';
import { documentOf, tablesOf } from '../support/markdown.js';
import { CLIENT } from './introspection/introspection-fixture.js';
import { AUDIENCE, ISSUER } from './jwt/jwt-fixture.js';

const tables = tablesOf(documentOf('docs/security-model.md'));

/** The names in a column that no other table of the page has. */
function namedUnder(heading: string): readonly string[] {
  const rows = tables.flatMap((table) => table.filter((row) => heading in row));
  return rows.flatMap((row) => [...(row[heading] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning, name) => {
    if (String(name) === 'SallyportWarning') warnings.push(String(warning));
  });
});
afterEach(() => void jest.restoreAllMocks());

const issuer = { issuer: ISSUER, algorithms: 'HS256', keys: { secret: 's'.repeat(32) } } as const;

function jwt(entry: object, options: object = {}): void {
  const twice = [entry, { ...entry, issuer: `${ISSUER}/two` }].slice(0, 'allowMissingIssuer' in entry ? 1 : 2);
  const issuers = twice.map((each) => ({ ...issuer, ...each }));
  new JwtHandler({ realm: 'test', issuers, ...options } as never);
}

function introspection(options: object): void {
  const endpoint = 'https://as.example.com/introspect';
  new IntrospectionHandler({ realm: 'test', endpoint, clientAuthentication: CLIENT, ...options } as never);
}

const firewall = (name: string) => () =>
  void new SecurityChain({ firewall: { [name]: true }, requirement: anonymous() });
const adapter = (name: string) => () =>
  void httpSecurity(new SecurityChain({ requirement: anonymous() }), { [name]: true });

const WARNING: Readonly<Record<string, () => void>> = {
  allowEncodedSlash: firewall('allowEncodedSlash'),
  allowSemicolon: firewall('allowSemicolon'),
  allowDoubleSlash: firewall('allowDoubleSlash'),
  allowDoubleEncoding: firewall('allowDoubleEncoding'),
  allowEncodedUnreserved: firewall('allowEncodedUnreserved'),
  allowBrowserCharacters: firewall('allowBrowserCharacters'),
  source: () => jwt({ audience: AUDIENCE }, { source: 'query:access_token' }),
  query: () => {
    const options = { prefix: 'acme', secret: 's'.repeat(32), store: new MemoryApiKeyStore() };
    new ApiKeyHandler({ ...options, query: 'api_key' });
  },
  allowMissingExpiry: () => jwt({ audience: AUDIENCE, allowMissingExpiry: true }),
  allowExpiryBeyondYear9999: () => jwt({ audience: AUDIENCE, allowExpiryBeyondYear9999: true }),
  issuedAheadToleranceSeconds: () => jwt({ audience: AUDIENCE }, { issuedAheadToleranceSeconds: 60 }),
  legacyHashes: () => {
    const users = Object.assign(new InMemoryUserStore(), { legacyHashes: ['apr1'] as const });
    new BasicHandler({ realm: 'test', users });
  },
  audienceOptional: () => introspection({ audience: 'api', audienceOptional: true }),
  allowAnyAudience: () => jwt({ allowAnyAudience: true }),
  allowMissingIssuer: () => jwt({ audience: AUDIENCE, allowMissingIssuer: true }),
  allowShortSecret: () => jwt({ audience: AUDIENCE, keys: { secret: 'short', allowShortSecret: true } }),
  staleIfUnavailableSeconds: () => introspection({ cache: { staleIfUnavailableSeconds: 30 } }),
  whenStoreFails: () => {
    const failures = { whenStoreFails: 'count_locally' } as const;
    const collaborators = { counterStore: new MemoryCounterStore() };
    new BasicHandler({ realm: 'test', users: new InMemoryUserStore(), failures }, collaborators);
  },
  replays: () => {
    new WebhookHandler({ scheme: 'stripe', secrets: 's'.repeat(32), replays: 'allow' });
  },
  dangerouslyAcceptAnyCertificate: () => introspection({ outbound: { dangerouslyAcceptAnyCertificate: true } }),
  allowInsecureHosts: () => introspection({ outbound: { allowInsecureHosts: ['keycloak'] } }),
  allowPreflight: adapter('allowPreflight'),
  allowRewriting: adapter('allowRewriting'),
  allowUnguarded: () => {
    const chain = new SecurityChain({ requirement: anonymous() });
    SallyportModule.forRoot({ chain, allowUnguarded: true });
  },
};

const SILENT: Readonly<Record<string, () => void>> = {
  'anonymous()': () => void new SecurityChain({ requirement: anonymous() }),
  'attempt()': () => {
    const users = new InMemoryUserStore();
    new SecurityChain({ requirement: attempt(new BasicHandler({ realm: 'test', users })) });
  },
  acceptTyp: () => jwt({ audience: AUDIENCE, acceptTyp: ['JWT'] }),
  allowMissingTyp: () => jwt({ audience: AUDIENCE, allowMissingTyp: true }),
  clients: () => jwt({ clients: ['web-shop'] }),
  allVerified: () => {
    const chain = new SecurityChain({ requirement: new MutualTlsHandler({ identity: 'dns', names: 'a' }) });
    httpSecurity(chain, { clientCertificates: { proxies: '10.0.0.5', allVerified: true } });
  },
  allowUnverified: () => {
    new MutualTlsHandler({ identity: 'thumbprint', names: 'A'.repeat(43), allowUnverified: true });
  },
  allowInsecureLoopback: () => introspection({ outbound: { allowInsecureLoopback: true } }),
  allowAnonymousUsers: () => {
    const issuer = supabase({ projectUrl: 'https://shopabcdefghijklmnop.supabase.co', allowAnonymousUsers: true });
    new JwtHandler({ realm: 'test', issuers: [issuer] });
  },
};

describe('switches that weaken (docs/security-model.md)', () => {
  test('are all tried here', () => {
    expect(Object.keys(WARNING).toSorted()).toEqual(namedUnder('switch').toSorted());
    const silent = namedUnder('without a warning').filter((name) => !['open', 'audience', 'supabase'].includes(name));
    expect(Object.keys(SILENT).toSorted()).toEqual(silent.toSorted());
  });

  test.each(Object.entries(WARNING))('%s warns once at start, by its name', (name, start) => {
    start();
    expect(warnings).toEqual([expect.stringContaining(`(${name})`)]);
  });

  test.each(Object.entries(SILENT))('%s gives up nothing in silence, and does not warn', (_name, start) => {
    start();
    expect(warnings).toEqual([]);
  });

  test('allowInsecureLoopback beside a proxy warns: what is meant for this machine would leave it', () => {
    new OutboundClient({ allowInsecureLoopback: true, proxy: 'http://proxy:3128' });
    expect(warnings).toEqual([expect.stringContaining('(allowInsecureLoopback)')]);
  });

  test('several relaxations of the firewall are one warning', () => {
    const relaxations = { allowSemicolon: true, allowDoubleSlash: true };
    new SecurityChain({ name: 'api', firewall: relaxations, requirement: anonymous() });
    expect(warnings).toEqual([
      'api lets paths through that can be read in several ways (allowSemicolon, allowDoubleSlash)',
    ]);
  });
});
