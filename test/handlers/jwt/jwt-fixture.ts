import { afterEach } from '@jest/globals';
import { type Decision, type Explanation, SecurityChain } from '@sallyport/core';
import { type SecurityRequest } from '@sallyport/core/extend';
import { buildRequest, ManualClock } from '@sallyport/core/testing';
import {
  JwtHandler,
  type JwtHandlerCollaborators,
  type JwtHandlerOptions,
  type KeySetEvent,
  onKeySetEvent,
  type PublishedKeys,
  type TrustedIssuer,
} from '@sallyport/handlers/jwt';
import { KeyServer, keySet } from './key-server.js';
import { type SigningKey, tokenOf } from './signing.js';

/** Where the clock of a test stands first, in seconds since the epoch. */
export const NOON = 1_800_000_000;

export const ISSUER = 'https://as.example.com';
export const AUDIENCE = 'https://api.example.com';

/** The claims of a token that lacks nothing (RFC 9068 2.2), ten minutes old, with ten minutes to live. */
export const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: AUDIENCE,
  client_id: 'web-shop',
  scope: 'orders:read orders:write',
  iat: NOON - 600,
  exp: NOON + 600,
  jti: 'token-1',
};

/** Some claims with others in their place; an explicit `undefined` takes a claim away. */
export type ClaimChanges = Readonly<Record<string, unknown>>;

export function tokenBy(key: SigningKey, changes: ClaimChanges = {}, header: ClaimChanges = {}): string {
  const members = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header };
  return tokenOf(JSON.stringify(members), JSON.stringify({ ...CLAIMS, ...changes }), key.algorithm, key.privateKey);
}

export function trusted(keys: TrustedIssuer['keys'], changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return { issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys, ...changes };
}

export function bearerRequest(bearer: string, remoteAddress?: string, client?: AbortSignal): SecurityRequest {
  return buildRequest('GET /', { bearer, remoteAddress, client });
}

/** A handler in a chain, on a clock that stands still. */
export class JwtUnderTest {
  readonly clock: ManualClock;
  readonly handler: JwtHandler;
  readonly chain: SecurityChain;

  constructor(
    issuers: TrustedIssuer | readonly TrustedIssuer[],
    options: Partial<JwtHandlerOptions> = {},
    collaborators: JwtHandlerCollaborators = {},
  ) {
    this.clock = (collaborators.clock as ManualClock | undefined) ?? new ManualClock();
    const settings = { realm: 'test', issuers: [issuers].flat() as TrustedIssuer[], ...options };
    this.handler = new JwtHandler(settings, { ...collaborators, clock: this.clock });
    this.chain = new SecurityChain({ requirement: this.handler }, { clock: this.clock, random: () => 0 });
  }

  decide(token: string, address?: string, client?: AbortSignal): Decision | Promise<Decision> {
    return this.chain.decide(bearerRequest(token, address, client));
  }

  explain(token: string): Promise<Explanation> {
    return this.chain.explain(bearerRequest(token));
  }

  /** How many tokens were verified, because nothing was remembered of them. */
  get verified(): number {
    return this.handler.statistics.cache.misses;
  }

  async outcome(token: string, address?: string, client?: AbortSignal): Promise<string> {
    return outcomeOf(await this.decide(token, address, client));
  }
}

/** `granted`, or the status and the reason. */
export function outcomeOf(decision: Decision): string {
  return decision.kind === 'granted' ? 'granted' : `${decision.status} ${decision.reason}`;
}

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A key server that is closed after the test. */
export async function keyServer(...keys: readonly object[]): Promise<KeyServer> {
  const server = await KeyServer.start(keySet(keys));
  closing.push(() => server.close());
  return server;
}

/** A handler that is closed after the test. */
export function jwtWith(...given: ConstructorParameters<typeof JwtUnderTest>): JwtUnderTest {
  const under = new JwtUnderTest(...given);
  closing.push(() => under.handler.close());
  return under;
}

export function published(server: KeyServer, more: Partial<PublishedKeys> = {}): PublishedKeys {
  return { jwksUri: server.jwksUri, outbound: { allowInsecureLoopback: true }, ...more };
}

/** Resolves with the next event of its kind. */
export function nextKeySetEvent(kind: KeySetEvent['kind']): Promise<KeySetEvent> {
  return new Promise((resolve) => {
    const end = onKeySetEvent((event) => {
      if (event.kind !== kind) return;
      end();
      resolve(event);
    });
  });
}
