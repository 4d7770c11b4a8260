import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { thumbprintOf } from '@sallyport/core/extend';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler, type JwtHandlerOptions, type TrustedIssuer } from '@sallyport/handlers/jwt';
import * as providers from '@sallyport/handlers/providers';
import { DpopClient, EXTERNAL_URL } from '../dpop/dpop-fixture.js';
import { ProviderHost, type Published } from './provider-host.js';
import { openPage, PAGES } from './provider-page.js';
import {
  keySetOf,
  newProviderKeys,
  type ProviderKeys,
  type ProviderVectors,
  type TokenRow,
  textOf,
  tokenOfRow,
  vectorsOf,
} from './provider-vectors.js';
import { type Outcome, SecuredServer } from './secured-server.js';

const CREDENTIALS = { method: 'client_secret_basic', clientId: 'orders', clientSecret: 'secret of orders' } as const;

/** Who asked for the tokens that are bound to a key. */
const dpopClient = new DpopClient();

let host: ProviderHost;
let server: SecuredServer;
let keys: ProviderKeys;

beforeAll(async () => {
  [host, server, keys] = await Promise.all([ProviderHost.start(), SecuredServer.start(), newProviderKeys()]);
});
afterAll(async () => {
  await server.close();
  await host.close();
});

/** The function that makes the issuer of a page: `githubActions` for `github-actions`. */
function presetOf(page: string): (options: object) => TrustedIssuer {
  const name = page.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Reflect.get(providers, name);
}

/** The same issuer, called at the host of this test. The dispatcher decides about certificates. */
function called(issuer: TrustedIssuer): TrustedIssuer {
  if (!('jwksUri' in issuer.keys || 'discovery' in issuer.keys)) return issuer;
  const { certificateAuthorities: _authorities, ...outbound } = issuer.keys.outbound ?? {};
  return { ...issuer, keys: { ...issuer.keys, outbound: { ...outbound, dispatcher: host.dispatcher } } };
}

/** What the provider has on its servers. */
function publishedBy(vectors: ProviderVectors): Readonly<Record<string, Published>> {
  const { metadata, otherMetadata = {}, keys: published } = vectors;
  const own = metadata === undefined ? {} : { [metadata.at]: metadata.document };
  const addresses = [published?.at ?? [], Object.values(otherMetadata).map(({ jwks_uri: uri }) => uri)].flat();
  const ofKeys = Object.fromEntries(addresses.map((at) => [at, keySetOf(vectors, keys)]));
  return { ...otherMetadata, ...own, ...ofKeys };
}

describe.each(PAGES.filter((page) => vectorsOf(page).tokens.length > 0))('a JWT of %s', (provider) => {
  const vectors = vectorsOf(provider);
  const { tokens } = vectors;
  const page = openPage(provider);
  const [good, ...others] = tokens.filter(({ status }) => status === 200) as [TokenRow, ...TokenRow[]];

  function issuerOf({ options, issuer }: TokenRow): TrustedIssuer {
    const made = options === undefined ? page.issuer : presetOf(provider)(options);
    return { ...(made as TrustedIssuer), ...issuer };
  }

  function optionsOf(row: TokenRow): JwtHandlerOptions {
    if (!row.isResolved || page.resolver === undefined) return { realm: 'orders', issuers: [called(issuerOf(row))] };
    const { resolve, ...resolver } = page.resolver;
    const found: typeof resolve = async (...asked) => {
      const entries = [(await resolve(...asked)) ?? []].flat();
      return entries.map(called);
    };
    return { realm: 'orders', issuerResolver: { ...resolver, resolve: found } };
  }

  /** What the chain of the server was made of. Rows that follow each other mostly need the same one. */
  let secured: string | undefined;

  async function secure(row: TokenRow): Promise<void> {
    const { options, issuer, handler, boundTo, isResolved } = row;
    const wanted = JSON.stringify([options, issuer, handler, boundTo, isResolved]);
    if (wanted === secured) return;
    secured = wanted;
    host.publish(publishedBy(vectors));
    const dpop = boundTo === 'jkt' ? { dpop: { externalUrl: EXTERNAL_URL } } : {};
    const made = { ...optionsOf(row), ...dpop, ...handler };
    await server.secure({ requirement: new JwtHandler(made, { clock: server.clock }) });
  }

  /** The claim of a bound token. */
  function bindingOf({ boundTo }: TokenRow): object {
    if (boundTo === undefined) return {};
    const thumbprint = boundTo === 'jkt' ? dpopClient.thumbprint : thumbprintOf(new X509Certificate(keys.certificate));
    return { cnf: { [boundTo]: thumbprint } };
  }

  async function outcomeOf(row: TokenRow, claims: object = {}, key?: ProviderKeys['stranger']): Promise<Outcome> {
    await secure(row);
    const token = tokenOfRow(row, keys, { ...bindingOf(row), ...claims }, key);
    if (row.boundTo === 'jkt') {
      return server.ask({ authorization: `DPoP ${token}`, dpop: dpopClient.proof(token, { line: 'GET /' }) });
    }
    if (row.boundTo === 'x5t#S256') {
      const { raw } = new X509Certificate(keys.certificate);
      return server.ask({ authorization: `Bearer ${token}`, 'client-cert': `:${raw.toString('base64')}:` });
    }
    const [, header] = /^header:([^:]+)$/.exec(row.handler?.source ?? '') ?? [];
    return server.ask(header === undefined ? { authorization: `Bearer ${token}` } : { [header]: token });
  }

  test.each(tokens.map((row) => [row.title, row] as const))('%s', async (_title, row) => {
    expect(await outcomeOf(row)).toEqual({ status: row.status, reason: row.reason, caller: row.principal });
  });

  const bound = tokens.filter(({ boundTo, status }) => boundTo !== undefined && status === 200);
  if (bound.length > 0) {
    test.each(bound.map((row) => [row.boundTo, row] as const))(
      'that is bound by %s is worth nothing to who stole it (RFC 9449 7.2, RFC 8705 3)',
      async (_boundTo, row) => {
        await secure(row);
        const token = tokenOfRow(row, keys, bindingOf(row));
        const outcome = await server.ask({ authorization: `Bearer ${token}` });
        expect(outcome).toEqual({ status: 401, reason: 'confirmation_unproved', caller: undefined });
      },
    );
  }

  test('is verified with keys from the addresses that the provider documents', async () => {
    secured = undefined;
    await outcomeOf(good);
    expect(host.called).toContain(vectors.keys?.at);
    if (vectors.metadata !== undefined) expect(host.called).toContain(vectors.metadata.at);
  });

  test.each([
    ['by a key that the provider does not publish', {}, 'signature_invalid', true],
    ['of another issuer', { iss: 'https://attacker.example' }, expect.stringMatching(/^credentials_/), false],
    ['that has ended', { exp: 1_799_999_000 }, 'token_expired', false],
  ])('%s is refused', async (_title, claims, reason, isForeign) => {
    const row = others.find(({ claims: { sub } }) => sub !== undefined) ?? good;
    const outcome = await outcomeOf({ ...row, raw: {} }, claims, isForeign ? keys.stranger : undefined);
    expect(outcome).toEqual({ status: 401, reason, caller: undefined });
  });
});

describe.each(PAGES.filter((page) => vectorsOf(page).answers !== undefined))('an answer of %s', (provider) => {
  const vectors = vectorsOf(provider);
  const { answers = [], endpoint = '' } = vectors;
  const page = openPage(provider);

  test.each(answers.map((row) => [row.title, row] as const))('%s', async (_title, row) => {
    host.publish({ ...publishedBy(vectors), [endpoint]: () => textOf(row.answer, row.raw) });
    const outbound = { dispatcher: host.dispatcher };
    const options = { realm: 'orders', clientAuthentication: CREDENTIALS, ...page.server, outbound };
    await server.secure({ requirement: new IntrospectionHandler(options, { clock: server.clock }) });
    const outcome = await server.ask({ authorization: 'Bearer opaque' });
    expect(outcome).toEqual({ status: row.status, reason: row.reason, caller: row.principal });
    expect(host.called).toContain(endpoint);
  });
});

describe('the vectors', () => {
  test('name the document of the vendor that each of them follows', () => {
    for (const { keys: published, metadata, tokens, answers = [] } of PAGES.map(vectorsOf)) {
      const parts = [published, metadata, ...tokens, ...answers].filter((part) => part !== undefined);
      for (const { ref } of parts) expect(ref).toMatch(/^https:\/\/[\w.-]+\/./);
    }
  });

  test.each(PAGES)('of %s are good and bad', (provider) => {
    const { tokens, answers = [] } = vectorsOf(provider);
    const statuses = [...tokens, ...answers].map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThan(1);
  });
});
