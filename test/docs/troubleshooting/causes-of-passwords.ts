import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Revocations } from '@sallyport/core';
import {
  BasicHandler,
  type BasicHandlerCollaborators,
  type BasicHandlerOptions,
  HtpasswdUserStore,
  InMemoryUserStore,
  type UserStore,
} from '@sallyport/handlers/basic';
import { accountOf, CHEAP, basic as credentials } from '../../handlers/basic/basic-fixture.js';
import type { Cause, Scene } from './scene.js';

const PASSWORD = 'correct horse battery';
const users = accountOf('alice', PASSWORD).then((account) => new InMemoryUserStore([account]));

function basic(
  { clock }: Scene,
  store: UserStore,
  options: Partial<BasicHandlerOptions> = {},
  collaborators: BasicHandlerCollaborators = {},
): BasicHandler {
  return new BasicHandler({ realm: 'shop', users: store, hashing: CHEAP, ...options }, { clock, ...collaborators });
}

const login = (name = 'alice', password = PASSWORD) => ({ lines: [`Authorization: ${credentials(name, password)}`] });

/** A user file in a folder of its own, and a handler that reads it. */
async function withFile(scene: Scene, lines: readonly string[]): Promise<{ handler: BasicHandler; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  scene.closing({ close: () => rmSync(folder, { recursive: true }) });
  const path = join(folder, 'machines.htpasswd');
  writeFileSync(path, lines.join('\n'));
  return { handler: basic(scene, new HtpasswdUserStore({ path }, { clock: scene.clock })), path };
}

const GOOD_LINE = accountOf('bob', PASSWORD).then(({ name, hash }) => `${name}:${hash}`);
const OLD_LINE = 'alice:$apr1$mEyvRYlz$2mYRqOBlzbFvBh9ihlIfr/';

/** User names and passwords. */
export const PASSWORDS: readonly Cause[] = [
  {
    cause: 'The user is not known',
    client: '401 invalid_credentials',
    reason: 'user_or_password_wrong',
    words: 'there is no such user',
    change: 'user name',
    provoke: async (scene) => scene.ask(basic(scene, await users), login('bob')),
  },
  {
    cause: 'The password is wrong',
    client: '401 invalid_credentials',
    reason: 'user_or_password_wrong',
    words: 'the user is known, and the password is another',
    change: 'that the client encodes',
    provoke: async (scene) => scene.ask(basic(scene, await users), login('alice', 'a wrong password')),
  },
  {
    cause: 'The hash in the user file is of an old kind (`$apr1$`, `{SHA}`)',
    client: '401 invalid_credentials',
    reason: 'user_or_password_wrong',
    words: 'line 1 has no hash that is read here: it is skipped',
    change: 'legacyHashes',
    provoke: async (scene) => {
      const { handler } = await withFile(scene, [OLD_LINE, await GOOD_LINE]);
      await scene.ask(handler, login());
    },
  },
  {
    cause: 'User name and password are not in base64, or not in UTF-8',
    client: '401 invalid_credentials',
    reason: 'basic_base64_invalid',
    provoke: async (scene) => scene.ask(basic(scene, await users), { lines: ['Authorization: Basic alice:secret-1'] }),
  },
  {
    cause: 'The password was revoked',
    client: '401 invalid_credentials',
    reason: 'password_revoked',
    provoke: async (scene) => {
      const revocations = new Revocations({}, { clock: scene.clock });
      await revocations.revokeToken(credentials('alice', PASSWORD).slice('Basic '.length));
      await scene.ask(basic(scene, await users, {}, { revocations }), login());
    },
  },
  {
    cause: 'Too many logins have failed',
    client: '429 rate_limited',
    reason: 'rate_limited',
    change: 'failures',
    provoke: async (scene) => {
      scene.secure({ requirement: basic(scene, await users, { failures: { perAccountAndNetwork: 1 } }) });
      await scene.send(login('alice', 'a wrong password'));
      await scene.send(login());
    },
  },
  {
    cause: 'The user file cannot be read',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: 'machines.htpasswd cannot be read (ENOENT)',
    change: 'path',
    provoke: async (scene) => {
      const { handler, path } = await withFile(scene, [await GOOD_LINE]);
      unlinkSync(path);
      scene.clock.pass(61);
      await scene.ask(handler, login('bob'));
    },
  },
  {
    cause: 'The user store fails',
    client: '503 temporarily_unavailable',
    reason: 'econnrefused',
    words: 'find() of the user store failed with Error (ECONNREFUSED)',
    provoke: async (scene) => {
      const refused = Object.assign(new Error(`no database for ${PASSWORD}`), { code: 'ECONNREFUSED' });
      await scene.ask(basic(scene, { find: () => Promise.reject(refused) }), login());
    },
  },
  {
    cause: 'The shared store of failed logins is down',
    client: '503 temporarily_unavailable',
    reason: 'failure_store_unavailable',
    change: 'whenStoreFails',
    provoke: async (scene) => {
      const down = () => Promise.reject(new Error('down'));
      const counterStore = { get: down, add: down, reset: down };
      await scene.ask(basic(scene, await users, {}, { counterStore }), login());
    },
  },
];
