import { fastifySecurity } from '@sallyport/adapters/fastify';
import { anyOf, headerHandler, SecurityChain } from '@sallyport/core';
import { HtpasswdUserStore } from '@sallyport/handlers/basic';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { openApi } from '@sallyport/openapi';
import Fastify from 'fastify';
import { CLIENT } from '../../handlers/introspection/introspection-fixture.js';

/** One row of the table of errors at start. */
export interface WrongStart {
  /** The first cell of its row. */
  readonly cause: string;
  /** The code of the error. */
  readonly code: string;
  /** What its message says. `…` stands for anything. */
  readonly words: string;
  /** What to change, where it has a name. */
  readonly change?: string;
  readonly start: () => unknown;
}

const SECRET = 'short-secret';

// What the compiler would not let pass arrives from JavaScript and from files.
const introspection = (more: object) =>
  new IntrospectionHandler({
    realm: 'shop',
    endpoint: 'https://as.example.com/introspect',
    clientAuthentication: CLIENT,
    ...more,
  });
const jwt = (more: object) => {
  const issuer = 'https://as.example.com';
  const entry = { issuer, audience: 'shop', algorithms: 'RS256' as const, keys: { discovery: true as const }, ...more };
  return new JwtHandler({ realm: 'shop', issuers: [entry] });
};
const keyIn = (header: string) => headerHandler({ name: 'key', header, verify: () => ({ subject: 'partner' }) });

export const WRONG_STARTS: readonly WrongStart[] = [
  {
    cause: 'An option is misspelt',
    code: 'ERR_SALLYPORT_OPTION_UNKNOWN',
    words: 'IntrospectionHandlerOptions has no option "enpoint"; did you mean endpoint?',
    change: 'endpoint',
    start: () => introspection({ enpoint: '' }),
  },
  {
    cause: 'The environment variable of a secret is not set',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'clientAuthentication.clientSecret must be a non-empty string',
    change: 'clientSecret',
    start: () => introspection({ clientAuthentication: { ...CLIENT, clientSecret: '' } }),
  },
  {
    cause: 'The authorization server is called by `http` inside a network',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'endpoint must be an https URL',
    change: 'allowInsecureHosts',
    start: () => introspection({ endpoint: 'http://keycloak:8080/introspect' }),
  },
  {
    cause: 'The shared secret is shorter than the hash of its algorithm',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'keys.secret must be at least as long as the hash of every algorithm (RFC 7518 3.2)',
    change: 'secret',
    start: () => jwt({ algorithms: 'HS256', keys: { secret: SECRET } }),
  },
  {
    cause: 'A JWT issuer has no audience',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'audience is needed, unless clients are checked instead',
    change: 'clients',
    start: () => jwt({ audience: undefined }),
  },
  {
    cause: 'Two handlers take the same credentials',
    code: 'ERR_SALLYPORT_SOURCE_CONFLICT',
    words: 'both take every credential of authorization:bearer',
    change: 'selective',
    start: () => new SecurityChain({ requirement: anyOf(introspection({}), introspection({ name: 'other' })) }),
  },
  {
    cause: 'Two handlers have one name',
    code: 'ERR_SALLYPORT_REQUIREMENT_INVALID',
    words: 'two handlers are called "key"; give one of them another name',
    change: 'name',
    start: () => new SecurityChain({ requirement: anyOf(keyIn('x-a'), keyIn('x-b')) }),
  },
  {
    cause: 'The chain has no requirement',
    code: 'ERR_SALLYPORT_REQUIREMENT_INVALID',
    words: 'has no requirement; write anonymous() if it is meant to be open to everybody',
    change: 'anonymous()',
    start: () => new SecurityChain({}),
  },
  {
    cause: 'The contract is not awaited',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'operations is a promise: await openApi(...) first',
    change: 'openApi',
    start: () => new SecurityChain({ operations: Promise.resolve() as never }),
  },
  {
    cause: 'The contract is the name of a file instead of its text',
    code: 'ERR_SALLYPORT_CONTRACT_INVALID',
    words: 'the definition is a name or a single text, not a document',
    change: 'readFile',
    start: () => openApi('orders.yaml', { schemes: {} }),
  },
  {
    cause: 'The user file is not there',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'machines.htpasswd cannot be read (ENOENT)',
    change: 'machines.htpasswd',
    start: () => new HtpasswdUserStore({ path: 'machines.htpasswd' }),
  },
  {
    cause: 'Fastify registers `secure` instead of `secure.plugin`',
    code: 'ERR_SALLYPORT_OPTION_INVALID',
    words: 'plugin is a member: app.register(secure.plugin), not app.register(secure)',
    change: 'secure.plugin',
    start: () => Fastify().register(fastifySecurity(new SecurityChain({ requirement: keyIn('x-a') })) as never),
  },
];

/** What the causes use that no error may quote. */
export const START_SECRETS: readonly string[] = [SECRET, CLIENT.clientSecret];
