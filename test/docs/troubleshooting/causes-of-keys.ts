import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiKeyHandler, MemoryApiKeyStore, type NewApiKey } from '@sallyport/handlers/api-key';
import { NOON } from '../../handlers/jwt/jwt-fixture.js';
import type { Cause, Scene } from './scene.js';

const SECRET = 'the secret of this deployment, 32 characters or more';

/** A handler with one key. */
async function withKey(scene: Scene, more: Partial<NewApiKey> = {}) {
  scene.keepSecret(SECRET);
  const handler = new ApiKeyHandler(
    { prefix: 'acme', secret: SECRET, store: new MemoryApiKeyStore() },
    { clock: scene.clock },
  );
  const { key, record } = await handler.keys.create({ subject: 'web-shop', ...more });
  return { handler, text: key.reveal(), id: record.id };
}

const sent = (text: string) => ({ lines: [`X-API-Key: ${text}`] });

/** API keys. */
export const KEYS: readonly Cause[] = [
  {
    cause: 'The text is no key: it is cut off, in quotes, or of another system',
    client: '401 invalid_credentials',
    reason: 'api_key_malformed',
    words: 'it has not the form of a key: prefix, _, 61 letters and digits',
    change: 'prefix',
    provoke: async (scene) => {
      const { handler, text } = await withKey(scene);
      await scene.ask(handler, sent(`"${text}"`));
    },
  },
  {
    cause: 'A character of the key is wrong',
    client: '401 invalid_credentials',
    reason: 'api_key_malformed',
    words: 'its checksum is wrong: a part was changed or left out',
    change: 'once more',
    provoke: async (scene) => {
      const { handler, text } = await withKey(scene);
      await scene.ask(handler, sent(text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')));
    },
  },
  {
    cause: 'The key is of another store, or was deleted',
    client: '401 invalid_credentials',
    reason: 'api_key_unknown',
    words: 'there is no key of this id',
    change: 'list()',
    provoke: async (scene) => {
      const { handler } = await withKey(scene);
      await scene.ask(handler, sent((await withKey(scene)).text));
    },
  },
  {
    cause: 'The key was made with another `secret`',
    client: '401 invalid_credentials',
    reason: 'api_key_unknown',
    words: 'there is a key of this id, with another secret',
    change: 'secret',
    provoke: async (scene) => {
      const store = new MemoryApiKeyStore();
      const [old, young] = [SECRET, SECRET.toUpperCase()].map(
        (secret) => new ApiKeyHandler({ prefix: 'acme', secret, store }, { clock: scene.clock }),
      ) as [ApiKeyHandler, ApiKeyHandler];
      const { key } = await old.keys.create({ subject: 'web-shop' });
      await scene.ask(young, sent(key.reveal()));
    },
  },
  {
    cause: 'The key has ended',
    client: '401 invalid_credentials',
    reason: 'api_key_expired',
    words: `ended at ${NOON}`,
    change: 'expiresAt',
    provoke: async (scene) => {
      const { handler, text } = await withKey(scene, { expiresAt: NOON });
      await scene.ask(handler, sent(text));
    },
  },
  {
    cause: 'The key was rotated, and the client still sends its old text',
    client: '401 invalid_credentials',
    reason: 'api_key_replaced',
    words: 'this text of the key … ended at …',
    change: 'overlapSeconds',
    provoke: async (scene) => {
      const { handler, text, id } = await withKey(scene);
      await handler.keys.rotate(id, { overlapSeconds: 0.5 });
      scene.clock.pass(1);
      await scene.ask(handler, sent(text));
    },
  },
  {
    cause: 'The key was revoked',
    client: '401 invalid_credentials',
    reason: 'api_key_revoked',
    words: 'was revoked at',
    change: 'new key',
    provoke: async (scene) => {
      const { handler, text, id } = await withKey(scene);
      await handler.keys.revoke(id);
      await scene.ask(handler, sent(text));
    },
  },
  {
    cause: 'The file of keys is not there, or cannot be read',
    client: '503 temporarily_unavailable',
    reason: 'err_sallyport_upstream_unreachable',
    words: 'keys.jsonl cannot be read (ENOENT)',
    change: 'path',
    provoke: async (scene) => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
      scene.closing({ close: () => rmSync(folder, { recursive: true }) });
      const store = { file: { path: 'keys.jsonl' } };
      const handler = new ApiKeyHandler(
        { prefix: 'acme', secret: SECRET, store },
        { clock: scene.clock, directory: folder },
      );
      await scene.ask(handler, sent((await withKey(scene)).text));
    },
  },
];
