import { command } from '../command/command.js';
import { KEY_CREATE_FLAGS, KEY_LIST_FLAGS, KEY_REVOKE_FLAGS, KEY_ROTATE_FLAGS } from './key-flags.js';

const STORE = `The store and the secret are those of the handler in the configuration file, which the servers read as well. Only that
handler is built. Secrets come from the environment and from files, as the configuration says, and never from the
command line.`;

export const KEY_CREATE = command({
  name: 'key create',
  operands: [],
  flags: KEY_CREATE_FLAGS,
  summary: 'makes an API key, and prints it this once',
  description: `Makes an API key and prints it on stdout, and nothing else; what is known about it is told on stderr. The store keeps
only its hash, so nobody can print it again.
${STORE}`,
  examples: [
    'sallyport key create --config security.yaml --subject web-shop --scope orders:read --expires-in 90d',
    'sallyport key create --config security.yaml --subject ci --kind workload --label "CI of the web shop" > key.txt',
  ],
  load: async () => (await import('./run-key.js')).runKeyCreate,
});

export const KEY_ROTATE = command({
  name: 'key rotate',
  operands: ['ID'],
  flags: KEY_ROTATE_FLAGS,
  summary: 'gives an API key another text, and prints that this once',
  description: `Makes another text for the key of this id and prints it on stdout, and nothing else. The old text stays good for a
while, so that callers can change without a gap. A key has two texts at most: another rotation ends the oldest.
${STORE}`,
  examples: ['sallyport key rotate 4gM9x0LqTz2R --config security.yaml --overlap 7d'],
  load: async () => (await import('./run-key.js')).runKeyRotate,
});

export const KEY_REVOKE = command({
  name: 'key revoke',
  operands: ['ID'],
  flags: KEY_REVOKE_FLAGS,
  summary: 'ends an API key for ever',
  description: `Ends the key of this id, with all its texts. Its record stays, so that people see what became of it. Servers refuse it
as soon as their store tells them of the change.
${STORE}`,
  examples: ['sallyport key revoke 4gM9x0LqTz2R --config security.yaml'],
  load: async () => (await import('./run-key.js')).runKeyRevoke,
});

export const KEY_LIST = command({
  name: 'key list',
  operands: [],
  flags: KEY_LIST_FLAGS,
  summary: 'lists the API keys of a handler, without anything secret',
  description: `Lists all keys: id, subject, label, scopes, state, when they were made, when they end and when they were used last.
Nothing of it lets anybody in.
${STORE}`,
  examples: ['sallyport key list --config security.yaml', 'sallyport key list --config security.yaml --format json'],
  load: async () => (await import('./run-key.js')).runKeyList,
});
