import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  container,
  type DependencyContainer,
  type HandlerRegistration,
  registerSecurity,
  resolveChain,
  tokens,
} from '@sallyport/configuration/tsyringe';
import { anyOf, ConfigurationError, route, routes, type SecurityChain, type SecurityHandler } from '@sallyport/core';
import { ask, ManualClock } from '@sallyport/core/testing';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { IntrospectionServer } from '../handlers/introspection/introspection-server.js';

let corporate: IntrospectionServer;
let partner: IntrospectionServer;
let app: DependencyContainer;
let chain: SecurityChain | undefined;

const outbound = { allowInsecureLoopback: true };

beforeEach(async () => {
  corporate = await IntrospectionServer.start(({ form }) => ({
    body: { active: true, sub: `employee of ${form.get('token')}`, aud: 'intranet', groups: ['staff'] },
  }));
  partner = await IntrospectionServer.start(({ form }) => ({
    body: { active: true, sub: `partner of ${form.get('token')}`, scope: 'orders.read' },
  }));
  app = container.createChildContainer();
  registerSecurity(app, {
    clock: new ManualClock(),
    kinds: builtInHandlers,
    handlers: {
      corporate: {
        type: 'introspection',
        options: {
          realm: 'intranet',
          endpoint: corporate.endpoint,
          audience: 'intranet',
          tokenTypeHint: false,
          clientAuthentication: { method: 'client_secret_basic', clientId: 'gateway', clientSecret: 'of-corporate' },
          mapPrincipal: (init, { groups }) => ({ ...init, roles: groups as string[] }),
          outbound,
        },
      },
      partner: {
        type: 'introspection',
        options: {
          realm: 'partners',
          endpoint: partner.endpoint,
          fallback: true,
          clientAuthentication: { method: 'client_secret_post', clientId: 'shop', clientSecret: 'of-partner' },
          outbound,
        },
      },
      corporateTokens: startingWith('corp_', 'corporate'),
    },
  });
});

afterEach(async () => {
  await chain?.close();
  await Promise.all([corporate.close(), partner.close()]);
});

/** Takes the tokens of a prefix for another handler of the chain, and leaves the rest to the fallback. */
function startingWith(prefix: string, handlerName: string): HandlerRegistration {
  return {
    useFactory: (_options, { name, get }) => {
      const handler = get(tokens.handlers)(handlerName);
      return {
        name,
        challenges: handler.challenges,
        source: { at: 'authorization:bearer', selective: true },
        extract(request) {
          const found = handler.extract(request);
          return typeof found === 'string' && found.startsWith(prefix) ? found : undefined;
        },
        verify: (credential, request) => handler.verify(credential, request),
      } satisfies SecurityHandler;
    },
  };
}

function expectCorporateCall(token: string): void {
  expect(corporate.last.headers.authorization).toBe(`Basic ${btoa('gateway:of-corporate')}`);
  expect([...corporate.last.form]).toEqual([['token', token]]);
}

function expectPartnerCall(token: string): void {
  expect(partner.last.headers.authorization).toBeUndefined();
  expect(Object.fromEntries(partner.last.form)).toEqual({
    token,
    token_type_hint: 'access_token',
    client_id: 'shop',
    client_secret: 'of-partner',
  });
}

describe('two introspection handlers for two authorities, in one chain from one container', () => {
  test('on different operations each asks its own authority, with its own options, also about the same token', async () => {
    registerSecurity(app, {
      chain: (handler) => ({
        operations: routes([
          route('GET', '/intranet', { requirement: handler('corporate') }),
          route('GET', '/partners', { requirement: handler('partner') }),
        ]),
      }),
    });
    chain = await resolveChain(app);
    for (let round = 0; round < 2; round += 1) {
      const inside = await ask(chain, 'GET /intranet', { bearer: 'same-token' });
      expect(inside.principal).toMatchObject({ subject: 'employee of same-token', roles: ['staff'], scopes: [] });
      expect(inside.principal?.via).toEqual([{ handler: 'corporate', scheme: 'bearer' }]);
      const outside = await ask(chain, 'GET /partners', { bearer: 'same-token' });
      expect(outside.principal).toMatchObject({ subject: 'partner of same-token', roles: [], scopes: ['orders.read'] });
      expect(outside.principal?.via).toEqual([{ handler: 'partner', scheme: 'bearer' }]);
    }
    expectCorporateCall('same-token');
    expectPartnerCall('same-token');
    // The second round came from two caches that do not know each other.
    expect([corporate.calls, partner.calls]).toEqual([1, 1]);
    expect((await ask(chain, 'GET /intranet')).challenges).toEqual(['Bearer realm="intranet"']);
    expect((await ask(chain, 'GET /partners')).challenges).toEqual(['Bearer realm="partners"']);
  });

  test('in one requirement a selective one takes its tokens, and the fallback the others', async () => {
    registerSecurity(app, {
      chain: (handler) => ({ requirement: anyOf(handler('partner'), handler('corporateTokens')) }),
    });
    chain = await resolveChain(app);
    expect((await ask(chain, '/', { bearer: 'corp_1' })).principal).toMatchObject({ subject: 'employee of corp_1' });
    expectCorporateCall('corp_1');
    expect([corporate.calls, partner.calls]).toEqual([1, 0]);
    expect((await ask(chain, '/', { bearer: 'other' })).principal).toMatchObject({ subject: 'partner of other' });
    expectPartnerCall('other');
    expect([corporate.calls, partner.calls]).toEqual([1, 1]);
  });

  test('what the owner of a token refuses, the fallback does not rescue; an outage of one is none of the other', async () => {
    registerSecurity(app, {
      chain: (handler) => ({ requirement: anyOf(handler('corporateTokens'), handler('partner')) }),
    });
    chain = await resolveChain(app);
    corporate.answers({ body: { active: false } });
    expect(await ask(chain, '/', { bearer: 'corp_2' })).toMatchObject({ status: 401, reason: 'token_inactive' });
    corporate.answers({ status: 500 });
    expect((await ask(chain, '/', { bearer: 'corp_3' })).status).toBe(503);
    expect(partner.calls).toBe(0);
    expect((await ask(chain, '/', { bearer: 'other' })).status).toBe(200);
  });

  test('two that take every token are a start-up error in one requirement', async () => {
    const claimsAll = app.createChildContainer();
    registerSecurity(claimsAll, {
      handlers: {
        another: {
          type: 'introspection',
          options: {
            realm: 'r',
            endpoint: corporate.endpoint,
            clientAuthentication: { method: 'client_secret_basic', clientId: 'c', clientSecret: 's' },
            outbound,
          },
        },
      },
      chain: (handler) => ({ requirement: anyOf(handler('corporate'), handler('another')) }),
    });
    const error: unknown = await resolveChain(claimsAll).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'ERR_SALLYPORT_SOURCE_CONFLICT' });
  });
});
