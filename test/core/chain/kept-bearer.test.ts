import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  attempt,
  authenticated,
  createPrincipal,
  forbidden,
  type Guard,
  guard,
  type Requirement,
  Revocations,
  SecurityChain,
} from '@sallyport/core';
import { challenge, keepOnConnection, SecurityRequest } from '@sallyport/core/extend';
import { AuthorizationServer, ManualClock } from '@sallyport/core/testing';
import { ApiKeyHandler, MemoryApiKeyStore } from '@sallyport/handlers/api-key';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { costsOf } from './costs.js';

const ALICE = createPrincipal({ subject: 'alice', scopes: ['read'] });
const outbound = { allowInsecureLoopback: true, timeoutMs: 25_000 };

let server: AuthorizationServer;
beforeAll(async () => {
  server = await AuthorizationServer.start();
});
afterAll(() => server.close());

/** One connection, and a chain that decides about its requests. */
class Client {
  readonly connection = new EventEmitter();
  readonly chain: SecurityChain;

  constructor(requirement: Requirement, guards: readonly Guard[] = []) {
    this.chain = new SecurityChain({ requirement, guards, deadlineMs: 60_000 });
  }

  get kept(): unknown {
    const [symbol] = Object.getOwnPropertySymbols(this.connection).filter((each) => /sallyport/.test(String(each)));
    return (symbol && (this.connection as unknown as Record<symbol, unknown>)[symbol]) ?? undefined;
  }

  request(...lines: readonly string[]): SecurityRequest {
    const rawHeaders = lines.flatMap((line) => ['Authorization', line]);
    return new SecurityRequest({ method: 'GET', target: '/', rawHeaders, connection: this.connection });
  }

  async send(...lines: readonly string[]): Promise<number> {
    const decision = await this.chain.decide(this.request(...lines));
    return decision.kind === 'granted' ? 200 : decision.status;
  }

  hashesOf(line: string): number {
    const request = this.request(line);
    return costsOf(() => void this.chain.decide(request)).hashes;
  }
}

function jwt(collaborators: ConstructorParameters<typeof JwtHandler>[1] = {}): JwtHandler {
  const { issuer, audience, jwksUri } = server;
  const issuers = [{ issuer, audience, algorithms: 'ES256' as const, keys: { jwksUri, outbound } }];
  return new JwtHandler({ realm: 'test', issuers, cache: { ttlSeconds: 3_600 } }, collaborators);
}

async function aToken(): Promise<string> {
  const { bearer } = await server.as(ALICE);
  return `Bearer ${bearer}`;
}

describe('the last bearer header of a connection that was good', () => {
  let client: Client;
  let line: string;
  let isAllowed: boolean;
  beforeEach(async () => {
    isAllowed = true;
    client = new Client(jwt(), [guard('allowing', () => isAllowed || forbidden('not_now'))]);
    line = await aToken();
    for (const _use of ['first', 'remembered']) expect(await client.send(line)).toBe(200);
  });

  test('is not hashed again', () => {
    expect(client.hashesOf(line)).toBe(0);
    expect(client.hashesOf(line)).toBe(0);
  });

  test('is kept once its token is remembered, and not before', async () => {
    const another = new Client(jwt());
    await another.send(line);
    expect(another.kept).toBeUndefined();
    await another.send(line);
    expect(another.kept).toBeDefined();
  });

  test('is another one with the next header', async () => {
    const next = await aToken();
    for (const _use of ['first', 'remembered']) expect(await client.send(next)).toBe(200);
    expect(client.hashesOf(next)).toBe(0);
    expect(client.hashesOf(line)).toBe(1);
  });

  test('saves no guard', async () => {
    isAllowed = false;
    expect(await client.send(line)).toBe(403);
  });

  test('hides no second line (RFC 9110 5.3)', async () => {
    expect(await client.send(line, line)).toBe(400);
    expect(await client.send(line, 'Basic YTpi')).toBe(400);
  });

  test('is dropped with any refusal', async () => {
    const refused = [[line, line], ['Bearer another'], ['Basic YTpi'], []];
    for (const lines of refused) {
      expect(await client.send(line)).toBe(200);
      expect(client.kept).toBeDefined();
      expect(await client.send(...lines)).toBeGreaterThanOrEqual(400);
      expect(client.kept).toBeUndefined();
    }
    expect(await client.send(line)).toBe(200);
    isAllowed = false;
    expect(await client.send(line)).toBe(403);
    expect(client.kept).toBeUndefined();
  });

  test('is dropped with any other header, whatever comes of that: nobody can guess at it again', async () => {
    const lenient = new Client(attempt(jwt()));
    const others = [await aToken(), 'Bearer another', 'Basic YTpi'];
    for (const other of others) {
      for (const _use of ['first', 'remembered']) expect(await lenient.send(line)).toBe(200);
      expect(lenient.kept).toBeDefined();
      expect(await lenient.send(other)).toBe(200);
      expect(lenient.kept).toBeUndefined();
    }
    for (const _use of ['first', 'remembered']) expect(await lenient.send(line)).toBe(200);
    expect(await lenient.send()).toBe(200);
    expect(lenient.kept).toBeDefined();
  });

  test('is dropped when the connection closes', () => {
    expect(client.kept).toBeDefined();
    client.connection.emit('close');
    expect(client.kept).toBeUndefined();
  });

  test('adds one listener to its connection, however often it changes', async () => {
    for (let count = 0; count < 20; count += 1) {
      const next = await aToken();
      for (const _use of ['first', 'remembered']) expect(await client.send(next)).toBe(200);
      expect(await client.send('Bearer another')).toBe(401);
    }
    expect(client.connection.listenerCount('close')).toBe(1);
  });

  test('is shown by no printing of the connection', () => {
    const [, token = ''] = line.split(' ');
    for (const showHidden of [true, false]) {
      expect(inspect(client.connection, { showHidden, depth: 10 })).not.toContain(token.slice(0, 20));
    }
    expect(Object.getOwnPropertySymbols({ ...client.connection }).map(String)).not.toContain(
      'Symbol(sallyport bearer)',
    );
  });
});

describe('a token whose header is kept', () => {
  test('is refused once it is revoked', async () => {
    const revocations = new Revocations();
    const client = new Client(jwt({ revocations }));
    const line = await aToken();
    for (const _use of ['first', 'remembered', 'kept']) expect(await client.send(line)).toBe(200);
    await revocations.revokeToken(line.slice('Bearer '.length));
    expect(await client.send(line)).toBe(401);
  });

  test('is refused once it has expired', async () => {
    const clock = new ManualClock(Date.now());
    const client = new Client(jwt({ clock }));
    const line = await aToken();
    for (const _use of ['first', 'remembered', 'kept']) expect(await client.send(line)).toBe(200);
    clock.pass(86_400);
    expect(await client.send(line)).toBe(401);
  });
});

describe('never kept is', () => {
  test('an API key, also as a bearer', async () => {
    const store = new MemoryApiKeyStore();
    const handler = new ApiKeyHandler({
      prefix: 'acme',
      secret: 'a secret of 32 characters or more',
      bearer: true,
      store,
    });
    const { key } = await handler.keys.create({ subject: 'alice' });
    const client = new Client(handler);
    for (const _use of ['first', 'remembered', 'again']) expect(await client.send(`Bearer ${key.reveal()}`)).toBe(200);
    expect(client.kept).toBeUndefined();
  });

  test.each(['Basic', 'DPoP', 'Token'])('a credential of the scheme %s', async (scheme) => {
    const client = new Client({
      name: 'any',
      challenges: [challenge(scheme, { realm: 'test' })],
      extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
      verify: (value: unknown, request) => {
        keepOnConnection(value as string, request);
        return authenticated(ALICE);
      },
    });
    expect(await client.send(`${scheme} YTpi`)).toBe(200);
    expect(client.kept).toBeUndefined();
  });

  test('a bearer that another credential was taken for', async () => {
    const client = new Client({
      name: 'any',
      challenges: [challenge('Bearer', { realm: 'test' })],
      extract: ({ authorization }) => (authorization.kind === 'credentials' ? authorization.value : undefined),
      verify: (_value, request) => {
        keepOnConnection('a token at another place', request);
        return authenticated(ALICE);
      },
    });
    expect(await client.send('Bearer YTpi')).toBe(200);
    expect(client.kept).toBeUndefined();
  });
});
