import { fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { anonymous, onDecision, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { OutboundClient } from '@sallyport/handlers/outbound';
import type { Serve } from './application.js';
import type { HandlerSettings } from './settings.js';

const outbound = { allowInsecureLoopback: true, timeoutMs: 1_000 };

/** One path for each handler. The answer says who was let in; that of `/address`, from where; that of `/told`, why not. */
export function handlersApplication(settings: HandlerSettings): Serve {
  const { issuer, audience, jwksUri, introspectionEndpoint: endpoint, clientId, clientSecret } = settings;
  const { keySecret, keys, accounts, addressHeader } = settings;
  const algorithms = ['ES256', 'RS256', 'EdDSA'] as const;
  const store = new MemoryApiKeyStore();
  for (const record of keys) store.create(record);
  const byJwt = (source: { jwksUri: string } | { discovery: true }) =>
    new JwtHandler({ realm: 'r', issuers: [{ issuer, audience, algorithms, keys: { ...source, outbound } }] });
  const handlers: Readonly<Record<string, SecurityHandler>> = {
    '/jwt': byJwt({ jwksUri }),
    '/discovery': byJwt({ discovery: true }),
    '/introspection': new IntrospectionHandler({
      realm: 'r',
      endpoint,
      clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
      cache: { ttlSeconds: 1 },
      outbound,
    }),
    '/basic': new BasicHandler({
      realm: 'r',
      users: new InMemoryUserStore([...accounts]),
      hashing: { algorithm: 'scrypt', logCost: 14 },
    }),
    '/api-key': new ApiKeyHandler({ prefix: 'acme', secret: keySecret, store }),
  };
  const options = addressHeader === undefined ? {} : { remoteAddress: { header: addressHeader } };
  const told: (string | undefined)[] = [];
  onDecision(({ reason, detail }) => told.push([reason, detail].filter(Boolean).join(': ')));
  const routes = new Map<string, Serve>(
    Object.entries(handlers).map(([path, requirement]) => {
      const secure = fetchSecurity(new SecurityChain({ name: path, requirement }), options);
      return [path, secure<unknown[]>((request) => new Response(principalOf(request).subject))];
    }),
  );
  let address: string | undefined;
  const noting = new SecurityChain({
    requirement: anonymous(),
    guards: [
      (_principal, request) => {
        address = request.remoteAddress;
        return true;
      },
    ],
  });
  routes.set(
    '/address',
    fetchSecurity(noting, options)<unknown[]>(() => new Response(String(address))),
  );
  routes.set('/told', () => Response.json(told.splice(0)));
  routes.set('/hashing', () => hashing());
  routes.set('/certificates', () => new Response(outcomeOf(() => new OutboundClient({ certificateAuthorities: 'a' }))));
  return (request, ...rest) => {
    const { pathname } = new URL(request.url);
    return routes.get(pathname)?.(request, ...rest) ?? new Response('no such path', { status: 404 });
  };
}

function outcomeOf(task: () => unknown): string {
  try {
    task();
    return 'made';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether the hash is made whose code is native, and what is said where it is not. */
async function hashing(): Promise<Response> {
  const options = { algorithm: 'argon2id', memoryKiB: 8_192, passes: 1 } as const;
  return new Response(
    await hashPassword('wonderland', options).then(
      (hash) => hash.slice(0, 9),
      (error: Error) => error.message,
    ),
  );
}
