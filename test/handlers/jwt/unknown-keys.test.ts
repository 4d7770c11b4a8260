import { describe, expect, test } from '@jest/globals';
import { jwtWith, keyServer, published, tokenBy, trusted } from './jwt-fixture.js';
import { newKey } from './signing.js';

const OLD = newKey('ES256', 'old');
const NEW = newKey('ES256', 'new');
const ATTACKER = '203.0.113.9';
const CLEAN = '198.51.100.7';

let serial = 0;

/** A token that nobody has seen yet. */
function fresh(key = OLD, kid = key.kid): string {
  serial += 1;
  return tokenBy(key, { jti: `token-${serial}`, exp: 1_900_000_000 }, { kid });
}

async function opened() {
  const server = await keyServer(OLD.jwk);
  const jwt = jwtWith(trusted(published(server)));
  await jwt.handler.start();
  const madeUp = (address: string) => jwt.outcome(fresh(OLD, `made-up-${serial}`), address);
  return { server, jwt, madeUp };
}

describe('what made-up key identifiers can cause', () => {
  test('is one fetch for each network in 30 s', async () => {
    const { server, jwt, madeUp } = await opened();
    for (let second = 0; second < 30; second += 1) {
      expect(await madeUp(ATTACKER)).toBe('401 key_unknown');
      jwt.clock.pass(0.999);
    }
    expect(server.fetches).toBe(2);
  });

  test.each([
    ['networks', (index: number) => `203.0.${index}.9`],
    ['networks with a fresh /64 for each token', (index: number) => `2001:db8:1:${index.toString(16)}::1`],
  ])('is four fetches for all %s in 30 s', async (_, address) => {
    const { server, jwt, madeUp } = await opened();
    for (let tenth = 0; tenth < 299; tenth += 1) {
      await madeUp(address(tenth));
      jwt.clock.pass(0.1);
    }
    expect(server.fetches).toBe(5);
  });

  test('does not keep a new key from networks that good tokens came from', async () => {
    const { server, jwt, madeUp } = await opened();
    expect(await jwt.outcome(fresh(), CLEAN)).toBe('granted');
    await madeUp(ATTACKER);
    server.publish(OLD.jwk, NEW.jwk);
    expect(await jwt.outcome(fresh(NEW), CLEAN)).toBe('granted');
    expect(server.fetches).toBe(3);
  });

  test('keeps a new key from strangers for a quarter of that time at most', async () => {
    const { server, jwt, madeUp } = await opened();
    await madeUp(ATTACKER);
    server.publish(OLD.jwk, NEW.jwk);
    jwt.clock.pass(7.499);
    await madeUp(ATTACKER);
    expect(await jwt.outcome(fresh(NEW), CLEAN)).toBe('401 key_unknown');
    jwt.clock.pass(0.001);
    expect(await jwt.outcome(fresh(NEW), CLEAN)).toBe('granted');
  });

  test('does not hide a coming key from others, whose name somebody knew before', async () => {
    const { server, jwt } = await opened();
    expect(await jwt.outcome(fresh(OLD, 'new'), ATTACKER)).toBe('401 key_unknown');
    server.publish(OLD.jwk, NEW.jwk);
    jwt.clock.pass(7.5);
    expect(await jwt.outcome(fresh(NEW), CLEAN)).toBe('granted');
  });

  test('holds nobody up whose key is known', async () => {
    const { server, jwt, madeUp } = await opened();
    const { answer } = server;
    let release = () => {};
    server.answer = (request, response) => {
      release = () => answer(request, response);
    };
    const junk = madeUp(ATTACKER);
    await server.arrivals(2);
    expect(await jwt.outcome(fresh(), CLEAN)).toBe('granted');
    release();
    expect(await junk).toBe('401 key_unknown');
  });
});
