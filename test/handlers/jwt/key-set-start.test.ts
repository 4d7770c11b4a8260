import { describe, expect, test } from '@jest/globals';
import { type KeySetEvent, onKeySetEvent } from '@sallyport/handlers/jwt';
import { type JwtUnderTest, jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import type { KeyServer } from './key-server.js';
import { newKey } from './signing.js';

const OLD = newKey('ES256', 'old');
const NEW = newKey('ES256', 'new');

let serial = 0;

/** A token that nobody has seen yet. */
function fresh(key = OLD, header: Readonly<Record<string, unknown>> = {}): string {
  serial += 1;
  return tokenBy(key, { jti: `token-${serial}`, exp: 1_900_000_000 }, header);
}

async function underTest(
  keys: Parameters<typeof published>[1] = {},
): Promise<{ jwt: JwtUnderTest; server: KeyServer }> {
  const server = await keyServer(OLD.jwk);
  return { server, jwt: jwtWith(trusted(published(server, keys))) };
}

/** The events of one task, without those that came before it. */
async function eventsOf(task: () => Promise<unknown>): Promise<readonly KeySetEvent[]> {
  const events: KeySetEvent[] = [];
  const end = onKeySetEvent((event) => events.push(event));
  await task();
  end();
  return events;
}

describe('the start', () => {
  test('fetches keys, so that the first token does not wait', async () => {
    const { jwt, server } = await underTest();
    await jwt.chain.start();
    expect(server.fetches).toBe(1);
    await server.close();
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
  });

  test('goes on without keys: their tokens are 503 until they come', async () => {
    const { jwt, server } = await underTest();
    server.answer = (_request, response) => response.writeHead(500).end();
    await jwt.chain.start();
    expect(await jwt.outcome(fresh(OLD))).toBe('503 err_sallyport_upstream_status');
    server.publish(OLD.jwk);
    jwt.clock.pass(1);
    expect(await jwt.outcome(fresh(OLD))).toBe('granted');
  });

  test('fails without keys where that was asked for', async () => {
    const server = await keyServer();
    const jwt = jwtWith(trusted(published(server)), { requireKeysAtStart: true });
    await expect(jwt.chain.start()).rejects.toMatchObject({ code: 'ERR_SALLYPORT_UPSTREAM_BODY' });
  });
});

describe('what happens to key sets is told', () => {
  test('when they are loaded and when members are left out, without key material', async () => {
    const { jwt, server } = await underTest();
    const secret = NEW.privateKey.export({ format: 'jwk' });
    server.publish(
      OLD.jwk,
      OLD.jwk,
      { ...secret, kid: 'leaked' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' },
      { kty: 'X' },
    );
    const events = await eventsOf(() => jwt.handler.start());
    const issuer = 'https://as.example.com';
    expect(events).toEqual([
      { kind: 'keys_unusable', issuer, problem: 'key_symmetric', count: 1 },
      { kind: 'keys_unusable', issuer, problem: 'key_type_unsupported', count: 1 },
      { kind: 'private_keys_published', issuer, count: 2 },
      { kind: 'keys_loaded', issuer, keys: 2 },
    ]);
    expect(JSON.stringify(events)).not.toContain(secret.d);
    expect(await jwt.outcome(fresh({ ...NEW, kid: 'leaked' }))).toBe('granted');
  });

  test('when a kid is ambiguous (RFC 7517 4.5)', async () => {
    const { jwt, server } = await underTest();
    server.publish(OLD.jwk, { ...NEW.jwk, kid: 'old' }, NEW.jwk);
    const events = await eventsOf(() => jwt.handler.start());
    expect(events).toMatchObject([
      { kind: 'key_ids_ambiguous', count: 1 },
      { kind: 'keys_loaded', keys: 1 },
    ]);
    expect(await jwt.outcome(fresh(OLD))).toBe('401 key_unfit');
  });
});
