import { jest } from '@jest/globals';
import { guard, type SecurityHandler, type Verdict } from '@sallyport/core';
import { challenge, Secret } from '@sallyport/core/extend';
import { goodToken, jwt } from './causes-of-tokens.js';
import type { Cause, Scene } from './scene.js';

const KEY = 'partner-key-1';

/** A handler of an application, with a bug. */
function ownHandler(verify: () => unknown, extract: () => unknown = () => new Secret(KEY)): SecurityHandler {
  return {
    name: 'partner-key',
    challenges: [challenge('ApiKey')],
    source: 'header:x-api-key',
    extract: extract as () => Secret,
    verify: verify as () => Verdict,
  };
}

const asked = (handler: () => SecurityHandler) => (scene: Scene) =>
  scene.ask(handler(), { lines: [`X-API-Key: ${KEY}`] });

const fail = (): never => {
  throw new TypeError(`cannot read ${KEY}`);
};

export const BUGS: readonly Cause[] = [
  {
    cause: 'A handler of your own throws',
    client: '500 internal_error',
    reason: 'handler_threw',
    words: 'partner-key…TypeError',
    change: 'at the place that the line names',
    provoke: asked(() => ownHandler(fail)),
  },
  {
    cause: 'A handler of your own returns something else than a verdict',
    client: '500 internal_error',
    reason: 'handler_threw',
    words: 'partner-key…verify() returned no verdict',
    change: 'authenticated',
    provoke: asked(() => ownHandler(() => ({ subject: 'alice' }))),
  },
  {
    cause: 'The `extract` of a handler returns a promise or `null`',
    client: '500 internal_error',
    reason: 'handler_extract_misbehaved',
    words: 'partner-key…extract() returned null',
    change: 'extract',
    provoke: asked(() => ownHandler(fail, () => null)),
  },
  {
    cause: 'A guard throws',
    client: '500 internal_error',
    reason: 'guard_threw',
    words: 'own-tenant…TypeError',
    change: 'at the place that the line names',
    provoke: async (scene) => {
      scene.secure({ requirement: jwt(scene), guards: [guard('own-tenant', fail)] });
      await scene.send({ bearer: goodToken() });
    },
  },
  {
    cause: '`mapPrincipal` throws',
    client: '500 internal_error',
    reason: 'handler_threw',
    words: 'jwt…TypeError',
    change: 'mapPrincipal',
    provoke: (scene) => scene.ask(jwt(scene, { mapPrincipal: fail }), { bearer: goodToken() }),
  },
  {
    cause: 'Two copies of `@sallyport/core` are loaded',
    client: '500 internal_error',
    reason: 'handler_threw',
    words: 'ERR_SALLYPORT_SEVERAL_COPIES',
    change: 'one copy',
    provoke: async (scene) => {
      let denied: () => Verdict = fail;
      jest.isolateModules(() => {
        const other: typeof import('@sallyport/core') = require('@sallyport/core');
        denied = () => other.denied('api_key_unknown');
      });
      await asked(() => ownHandler(denied))(scene);
    },
  },
  {
    cause: 'The promise of `mapPrincipal` rejects: the user database is down',
    client: '503 temporarily_unavailable',
    reason: 'principal_mapping_failed',
    words: 'mapPrincipal rejected with Error (ECONNREFUSED)',
    change: 'mapPrincipal',
    provoke: (scene) => {
      const refused = Object.assign(new Error('no database'), { code: 'ECONNREFUSED' });
      return scene.ask(jwt(scene, { mapPrincipal: () => Promise.reject(refused) }), { bearer: goodToken() });
    },
  },
  {
    cause: 'The promise of `mapPrincipal` takes too long',
    client: '503 temporarily_unavailable',
    reason: 'principal_mapping_timed_out',
    words: 'mapPrincipal took longer than 2000 ms',
    change: 'mapPrincipalTimeoutMs',
    provoke: async (scene) => {
      let called: () => void = () => {};
      const calling = new Promise<void>((resolve) => {
        called = resolve;
      });
      const mapPrincipal = () => {
        called();
        return new Promise<never>(() => {});
      };
      const pending = scene.ask(jwt(scene, { mapPrincipal }), { bearer: goodToken() });
      await calling;
      scene.clock.pass(3);
      await pending;
    },
  },
  {
    cause: 'A handler or guard takes longer than the chain waits',
    client: '503 temporarily_unavailable',
    reason: 'deadline_exceeded',
    words: 'partner-key: unfinished',
    change: 'deadlineMs',
    provoke: async (scene) => {
      let called: () => void = () => {};
      const calling = new Promise<void>((resolve) => {
        called = resolve;
      });
      const handler = ownHandler(() => {
        called();
        return new Promise(() => {});
      });
      const pending = asked(() => handler)(scene);
      await calling;
      scene.clock.pass(5);
      await pending;
    },
  },
];
