import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import * as providers from '@sallyport/handlers/providers';
import { ProviderHost } from './provider-host.js';
import { keySetOf, newProviderKeys, type TokenRow, tokenOfRow, vectorsOf } from './provider-vectors.js';
import { SecuredServer } from './secured-server.js';

const { entra, entraTenants, kubernetes } = providers;
const PRESETS = Object.entries(providers as unknown as Readonly<Record<string, (options: unknown) => unknown>>);

describe('the options of every provider', () => {
  test.each(PRESETS)('%s refuses what it does not know, and never repeats a value', (name, preset) => {
    const owner = `${name[0]?.toUpperCase()}${name.slice(1)}Options`;
    for (const wrong of [
      undefined,
      'a secret value',
      { aSecretValue: 'a secret value' },
      { 'a secret value': 1 },
      {},
    ]) {
      const refusal = [() => preset(wrong)].flatMap((call) => {
        try {
          return [call() as object];
        } catch (error) {
          return [error as Error];
        }
      })[0];
      expect(refusal).toBeInstanceOf(ConfigurationError);
      expect((refusal as Error).message).toMatch(new RegExp(`^${owner}\\b`));
      expect((refusal as Error).message).not.toContain('a secret value');
    }
  });
});

describe('entra', () => {
  const tenant = '6a3c1f52-0d4e-4b8a-9c2f-7e1d5b0a4c33';
  const audience = 'api://orders';

  test.each(['shop.onmicrosoft.com', 'common', tenant.toUpperCase(), `${tenant}/..`])(
    'wants the id of the tenant, which is what tokens name: not %s',
    (wrong) => {
      expect(() => entra({ tenant: wrong, audience })).toThrow('EntraOptions.tenant must be the id of a tenant');
      expect(() => entraTenants({ tenants: [wrong], audience })).toThrow('EntraTenantsOptions.tenants[0] must be');
    },
  );

  const trusts = (issuer: string, tenants: readonly string[] | ((id: string) => boolean) = () => true) => {
    const { trusts: isTrusted } = entraTenants({ tenants, audience });
    return typeof isTrusted === 'function' && isTrusted(issuer);
  };

  test('trusts the issuers of tenants alone, and of no other host', () => {
    expect(trusts(`https://login.microsoftonline.com/${tenant}/v2.0`)).toBe(true);
    for (const other of [
      `https://login.microsoftonline.com/${tenant}/v2.0/`,
      `https://login.microsoftonline.com/${tenant}`,
      'https://login.microsoftonline.com/common/v2.0',
      `https://login.microsoftonline.com.attacker.example/${tenant}/v2.0`,
      `https://attacker.example/${tenant}/v2.0`,
      `https://sts.windows.net/${tenant}/`,
      '',
    ])
      expect([other, trusts(other)]).toEqual([other, false]);
  });

  test('asks the function of the application, and takes only a true for one', () => {
    const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
    expect(trusts(issuer, (id) => id === tenant)).toBe(true);
    expect(trusts(issuer, () => false)).toBe(false);
    expect(trusts(issuer, (() => Promise.resolve(true)) as never)).toBe(false);
  });

  test('resolves an issuer to equal options each time, so that its keys stay', async () => {
    const { resolve } = entraTenants({ tenants: [tenant], audience, version: '1.0' });
    const lookup = { signal: new AbortController().signal };
    const issuer = `https://sts.windows.net/${tenant}/`;
    expect(await resolve(issuer, lookup)).toStrictEqual(await resolve(issuer, lookup));
    expect(await resolve(issuer, lookup)).toEqual(entra({ tenant, audience, version: '1.0' }));
    expect(await resolve('https://sts.windows.net/common/', lookup)).toBeUndefined();
  });
});

describe('kubernetes in the cluster', () => {
  const certificateAuthority = '-----BEGIN CERTIFICATE-----\nof the cluster\n-----END CERTIFICATE-----';
  let host: ProviderHost;
  let server: SecuredServer;
  let folder: string;

  beforeAll(async () => {
    [host, server] = await Promise.all([ProviderHost.start(), SecuredServer.start()]);
    folder = mkdtempSync(join(tmpdir(), 'sallyport-cluster-'));
  });
  afterAll(async () => {
    await server.close();
    await host.close();
    rmSync(folder, { recursive: true });
  });

  test('asks the API server for the keys, with the token of the pod', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'token-of-the-pod\n');
    const issuer = kubernetes({ audience: 'orders', certificateAuthority, tokenFile });
    expect(issuer).toMatchObject({
      issuer: 'https://kubernetes.default.svc.cluster.local',
      keys: { outbound: { certificateAuthorities: certificateAuthority } },
    });
    const vectors = vectorsOf('kubernetes');
    const keys = await newProviderKeys();
    const seen: unknown[] = [];
    host.publish({
      'https://kubernetes.default.svc/openid/v1/jwks': ({ headers }) => {
        seen.push(headers.authorization);
        return keySetOf(vectors, keys);
      },
    });
    // The dispatcher of this test decides about certificates.
    const outbound = {
      headers: { authorization: { file: tokenFile, prefix: 'Bearer ' } },
      dispatcher: host.dispatcher,
    };
    const called = { ...issuer, keys: { ...issuer.keys, outbound } };
    await server.secure({
      requirement: new JwtHandler({ realm: 'orders', issuers: [called] }, { clock: server.clock }),
    });
    const token = tokenOfRow(vectors.tokens[0] as TokenRow, keys, { iss: issuer.issuer });
    expect(await server.ask({ authorization: `Bearer ${token}` })).toMatchObject({ status: 200 });
    expect(seen).toEqual(['Bearer token-of-the-pod']);
    expect(issuer.keys).toMatchObject({ outbound: { headers: outbound.headers } });
  });

  test('takes the token of the pod from its usual place', () => {
    expect(kubernetes({ audience: 'orders', certificateAuthority }).keys).toEqual({
      jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
      outbound: {
        certificateAuthorities: certificateAuthority,
        headers: { authorization: { file: '/var/run/secrets/kubernetes.io/serviceaccount/token', prefix: 'Bearer ' } },
      },
    });
  });
});
