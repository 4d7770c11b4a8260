import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { httpSecurity } from '@sallyport/adapters/http';
import { SecurityChain } from '@sallyport/core';
import { JwtHandler, type SignatureAlgorithm } from '@sallyport/handlers/jwt';
import { newKey, type SigningKey, tokenOf } from '../handlers/jwt/signing.js';
import { isNightly } from '../support/nightly.js';

const everyNight = isNightly ? test : test.skip;
const ISSUER = 'https://as.example.com';
const AUDIENCE = 'https://api.example.com';
const ATTACKER = '127.0.0.2';
const CONNECTIONS = 200;
const CREDENTIALS = 50_000;
const SECONDS = 15;
const MOST_DELAY_MS = 20;
/** So many tokens at least have to come, or it was no flood. */
const MANY = 1_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

function claimsOf(serial: number): string {
  const iat = Math.floor(Date.now() / 1_000);
  const lasting = { iss: ISSUER, aud: AUDIENCE, sub: 'user', client_id: 'app', iat, exp: iat + 3_600 };
  return JSON.stringify({ ...lasting, jti: `token-${serial}` });
}

const headerOf = ({ algorithm: alg, kid }: SigningKey) => JSON.stringify({ alg, typ: 'at+jwt', kid });

/** Tokens that are right but for their signature, which has to be checked to tell. To make them is cheap. */
function forgeries(key: SigningKey): readonly string[] {
  const good = tokenOf(headerOf(key), claimsOf(0), key.algorithm, key.privateKey);
  const { length } = Buffer.from(good.slice(good.lastIndexOf('.') + 1), 'base64url');
  const header = Buffer.from(headerOf(key)).toString('base64url');
  return Array.from({ length: CREDENTIALS }, (_, serial) => {
    const signature = randomBytes(length);
    // Below the modulus, and below the order of the group.
    signature[0] = 0;
    return `Bearer ${header}.${Buffer.from(claimsOf(serial)).toString('base64url')}.${signature.toString('base64url')}`;
  });
}

async function serverOf(key: SigningKey) {
  const algorithms = key.algorithm as SignatureAlgorithm;
  const issuer = { issuer: ISSUER, audience: AUDIENCE, algorithms, keys: { publicKey: key.publicKey } };
  // Nothing is remembered of what was refused: each token of the flood is one that nobody has seen before.
  const handler = new JwtHandler({ realm: 'test', issuers: [issuer], cache: { negativeTtlSeconds: 0 } });
  const secure = httpSecurity(new SecurityChain({ requirement: handler }));
  const server = createServer(secure((_request, response) => void response.end('ok')));
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, handler, port: (server.address() as AddressInfo).port };
}

describe('a flood of JWTs never seen before, over sockets', () => {
  everyNight.each(['RS256', 'ES256', 'EdDSA', 'ES512'])(
    'of %s: the event loop goes on, and who is remembered is served (every night, on the real clock)',
    async (algorithm) => {
      const key = newKey(algorithm);
      const { server, handler, port } = await serverOf(key);
      const authorization = `Bearer ${tokenOf(headerOf(key), claimsOf(-1), algorithm, key.privateKey)}`;
      const agent = new Agent({ keepAlive: true });
      const statusOf = async () => {
        const [response] = await once(get({ host: '127.0.0.1', port, agent, headers: { authorization } }), 'response');
        response.resume();
        await once(response, 'end');
        return response.statusCode;
      };
      expect(await statusOf()).toBe(200);
      const flooder = fork(join(__dirname, 'flooder.js'), { serialization: 'advanced' });
      setPriority(flooder.pid as number, constants.priority.PRIORITY_LOW);
      const order = { port, address: ATTACKER, connections: CONNECTIONS, credentials: forgeries(key) };
      await new Promise((resolve) => flooder.send(order, resolve));
      await pause(2_000);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      const endsAtMs = performance.now() + SECONDS * 1_000;
      const statuses = new Set<number>();
      delay.enable();
      for (; performance.now() < endsAtMs; await pause(20)) statuses.add(await statusOf());
      delay.disable();
      const answered = once(flooder, 'message');
      flooder.send('end');
      const [answers] = (await answered) as [ReadonlyMap<number, number>];
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await handler.close();
      expect([...answers.keys()]).toEqual([401]);
      expect(answers.get(401)).toBeGreaterThan(MANY);
      expect(statuses).toEqual(new Set([200]));
      expect(delay.percentile(99) / 1e6).toBeLessThan(MOST_DELAY_MS);
    },
    60_000,
  );
});
