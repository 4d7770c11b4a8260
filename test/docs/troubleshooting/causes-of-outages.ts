import dns from 'node:dns';
import { jest } from '@jest/globals';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { IntrospectionServer } from '../../handlers/introspection/introspection-server.js';
import { ISSUER, trusted } from '../../handlers/jwt/jwt-fixture.js';
import { closedOrigin, type Fault, FaultServer } from '../../support/fault-server.js';
import { goodToken, introspection } from './causes-of-tokens.js';
import type { Cause, Scene } from './scene.js';

const right = (path: string) =>
  path.startsWith('/.well-known') ? undefined : { contentType: 'application/json', body: '{"keys":[]}' };
const outbound = { allowInsecureLoopback: true };

/** Takes tokens of an issuer whose keys have to be fetched. */
function remote(
  { clock }: Scene,
  issuer: string,
  keys: TrustedIssuer['keys'] = { discovery: true, outbound },
): JwtHandler {
  return new JwtHandler({ realm: 'shop', issuers: [trusted(keys, { issuer })] }, { clock });
}

/** Asks a server that misbehaves in this way. */
async function misbehaving(
  scene: Scene,
  fault: Fault,
  path: string,
  ask: (origin: string) => Promise<unknown>,
): Promise<void> {
  const server = scene.closing(await FaultServer.start(right));
  const hanging = server.misbehave(path, fault);
  const asked = ask(server.origin);
  if (fault === 'silence') {
    await hanging;
    scene.clock.pass(2.5);
  }
  await asked;
}

const whileKeys = (fault: Fault) => (scene: Scene) =>
  misbehaving(scene, fault, '/jwks', (origin) =>
    scene.ask(remote(scene, ISSUER, { jwksUri: `${origin}/jwks`, outbound }), { bearer: goodToken() }),
  );

const whileIntrospection = (fault: Fault) => (scene: Scene) =>
  misbehaving(scene, fault, '/introspect', (origin) =>
    scene.ask(introspection(scene, `${origin}/introspect`), { bearer: 'opaque-token-1' }),
  );

export const OUTAGES: readonly Cause[] = [
  {
    cause: 'The name of the issuer is not in DNS',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: 'https://login.example.test/…ENOTFOUND',
    change: 'DNS',
    provoke: async (scene) => {
      const notFound = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      const lookup = jest
        .spyOn(dns, 'lookup')
        .mockImplementation(((_host: string, _options: object, done: (error: Error) => void) =>
          done(notFound)) as never);
      scene.closing({ close: () => lookup.mockRestore() });
      const issuer = 'https://login.example.test';
      await scene.ask(remote(scene, issuer), { bearer: goodToken({ iss: issuer }) });
    },
  },
  {
    cause: 'Nobody listens at the address of the issuer',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: 'the connection failed (ECONNREFUSED)',
    change: 'Start the server',
    provoke: async (scene) => {
      const issuer = await closedOrigin();
      await scene.ask(remote(scene, issuer), { bearer: goodToken({ iss: issuer }) });
    },
  },
  {
    cause: 'The certificate of the issuer is not trusted',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: 'the connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    change: 'certificateAuthorities',
    provoke: async (scene) => {
      const server = scene.closing(await FaultServer.startUntrusted(right));
      await scene.ask(remote(scene, server.origin), { bearer: goodToken({ iss: server.origin }) });
    },
  },
  {
    cause: 'The issuer does not answer in time',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_timeout',
    words: 'there was no answer in time',
    change: 'timeoutMs',
    provoke: whileKeys('silence'),
  },
  {
    cause: 'The first requests fetch the keys, because the chain was not started',
    client: '503 temporarily_unavailable',
    reason: 'deadline_exceeded',
    words: 'jwt: unfinished',
    change: 'start',
    provoke: async (scene) => {
      const server = scene.closing(await FaultServer.start(right));
      const hanging = server.misbehave('/jwks', 'silence');
      const keys = { jwksUri: `${server.origin}/jwks`, outbound };
      scene.secure({ requirement: remote(scene, ISSUER, keys), deadlineMs: 1_000 });
      const asked = scene.send({ bearer: goodToken() });
      await hanging;
      scene.clock.pass(1);
      await asked;
    },
  },
  {
    cause: 'The issuer answers with 500',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_status',
    words: 'the answer has status 500',
    change: 'the log of the server',
    provoke: whileKeys('status 500'),
  },
  {
    cause: 'The issuer answers with a web page: the address is that of an application or a login',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_body',
    words: 'the answer has the media type text/html',
    change: 'that of an application, a login or a proxy',
    provoke: whileKeys('HTML with status 200'),
  },
  {
    cause: 'The issuer answers with something else than JSON',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_body',
    words: '/jwks: the key set is no JSON object',
    change: 'repair the server',
    provoke: whileKeys('bad JSON'),
  },
  {
    cause: 'The keys of the issuer are not at this address',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_status',
    words: '/jwks: the answer has status 404',
    change: 'jwksUri',
    provoke: whileKeys('status 404'),
  },
  {
    cause: 'The authorization server refuses our own credentials',
    client: '503 temporarily_unavailable',
    reason: 'introspection_credentials_refused',
    words: '/introspect: the answer has status 401',
    change: 'clientAuthentication',
    provoke: whileIntrospection('status 401'),
  },
  {
    cause: 'The introspection endpoint is down',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: '/introspect: the connection failed (ECONNREFUSED)',
    change: 'endpoint',
    provoke: async (scene) =>
      scene.ask(introspection(scene, `${await closedOrigin()}/introspect`), { bearer: 'opaque-token-1' }),
  },
  {
    cause: 'The introspection endpoint is slow',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_timeout',
    words: 'there was no answer in time',
    change: 'timeoutMs',
    provoke: whileIntrospection('silence'),
  },
  {
    cause: 'The introspection endpoint answers with something else than RFC 7662 says',
    client: '503 temporarily_unavailable',
    reason: 'introspection_answer_unusable',
    words: 'bytes are no JSON object that can be read in one way only',
    change: 'repair the server',
    provoke: whileIntrospection('an array'),
  },
  {
    cause: 'Calls are suspended, because too many of them failed',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_circuit_open',
    words: 'calls are suspended after repeated failures, the last: …ECONNREFUSED',
    change: 'the last failure',
    provoke: async (scene) => {
      scene.secure({ requirement: introspection(scene, `${await closedOrigin()}/introspect`) });
      for (let call = 0; call <= 20; call += 1) await scene.send({ bearer: `opaque-token-${call}` });
    },
  },
  {
    cause: 'All places for calls are taken, such as by a flood of junk',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_overloaded',
    words: 'too many calls are waiting',
    change: 'maxConcurrent',
    provoke: async (scene) => {
      let release: () => void = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let arrived: () => void = () => {};
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const server = scene.closing(
        await IntrospectionServer.start(async () => {
          arrived();
          await released;
          return { body: { active: false } };
        }),
      );
      scene.secure({
        requirement: introspection(scene, server.endpoint, { outbound: { maxConcurrent: 1, maxQueued: 0 } }),
      });
      const first = scene.send({ bearer: 'opaque-token-1' });
      await arrival;
      await scene.send({ bearer: 'opaque-token-2' });
      const { answer } = scene;
      release();
      await first;
      scene.answer = answer;
      scene.events.pop();
      scene.lines.pop();
    },
  },
];
