// Loads every entry point of the built libraries and makes chains, where randomness, timers and calls are forbidden: Workers
// forbid them while a program loads. Prints how many entry points there are.
// Run: node test/support/module-scope.js
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

/** Made before it is forbidden. */
const { publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ type: 'spki', format: 'pem' });
const secret = crypto.randomBytes(32).toString('hex');

function forbid(owner, ...names) {
  for (const name of names) {
    const value = () => {
      throw new Error(`${name}() while a program loads`);
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
}

forbid(crypto, 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID');
forbid(crypto, 'generateKeyPair', 'generateKeyPairSync', 'generateKeySync', 'scrypt', 'scryptSync');
forbid(Crypto.prototype, 'getRandomValues', 'randomUUID');
forbid(globalThis, 'setTimeout', 'setInterval', 'setImmediate', 'fetch');
forbid(Math, 'random');
syncBuiltinESMExports();

const LIBRARIES = ['core', 'openapi', 'configuration', 'handlers', 'adapters'];
/** Loads Nest itself, which draws random numbers, and runs in Node only. */
const OF_NODE = ['@sallyport/adapters/nest'];
const doors = LIBRARIES.flatMap((name) => {
  const manifest = join(import.meta.dirname, '../../packages', name, 'package.json');
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8'));
  return Object.keys(exports).flatMap((path) =>
    path === './package.json' ? [] : `@sallyport/${name}${path.slice(1)}`,
  );
});
const portable = doors.filter((door) => !OF_NODE.includes(door));
const loaded = Object.fromEntries(await Promise.all(portable.map(async (door) => [door, await import(door)])));
const { anyOf, rateLimit, requireScopes, Revocations, SecurityChain } = loaded['@sallyport/core'];
const { fetchSecurity } = loaded['@sallyport/adapters/fetch'];
const { ApiKeyHandler, MemoryApiKeyStore } = loaded['@sallyport/handlers/api-key'];
const { BasicHandler, InMemoryUserStore } = loaded['@sallyport/handlers/basic'];
const { IntrospectionHandler } = loaded['@sallyport/handlers/introspection'];
const { JwtHandler } = loaded['@sallyport/handlers/jwt'];
const { WebhookHandler } = loaded['@sallyport/handlers/webhook'];

const revocations = new Revocations();
const dpop = { externalUrl: 'https://api.example' };
const ofIssuer = { audience: 'https://api.example', algorithms: 'ES256' };
const requirement = anyOf(
  new JwtHandler(
    {
      realm: 'api',
      dpop,
      issuers: [
        { ...ofIssuer, issuer: 'https://as.example', keys: { discovery: true } },
        { ...ofIssuer, issuer: 'https://own.example', keys: { publicKey: pem } },
      ],
    },
    { revocations },
  ),
  new IntrospectionHandler(
    {
      realm: 'api',
      dpop,
      fallback: true,
      endpoint: 'https://as.example/introspect',
      clientAuthentication: { method: 'client_secret_basic', clientId: 'api', clientSecret: secret },
    },
    { revocations },
  ),
  new BasicHandler(
    { realm: 'api', users: new InMemoryUserStore([]), hashing: { algorithm: 'scrypt' } },
    { revocations },
  ),
  new ApiKeyHandler({ prefix: 'acme', secret, store: new MemoryApiKeyStore() }, { revocations }),
  new WebhookHandler({ scheme: 'github', secrets: secret }),
);
const guards = [requireScopes('read'), rateLimit({ name: 'all', by: 'client', limit: 100, windowSeconds: 60 })];
const chain = new SecurityChain({ requirement, guards });
const secure = fetchSecurity(chain, { remoteAddress: () => undefined });
secure(() => new Response());
secure.middleware();
console.log(portable.length);
