import type { Flags } from '../command/command.js';
import { CONFIGURATION_FLAGS } from '../configuration/configuration-flags.js';

/** Which keys: those of a handler in a configuration file. */
const KEY_FLAGS = {
  config: { type: 'string', value: 'FILE', isNeeded: true, doc: 'the configuration file' },
  handler: { type: 'string', value: 'NAME', doc: 'the handler of keys, if the file lists several' },
  format: { type: 'string', value: 'FORMAT', oneOf: ['text', 'json'], default: 'text', doc: 'how it is printed' },
  ...CONFIGURATION_FLAGS,
} as const satisfies Flags;

export const KEY_CREATE_FLAGS = {
  subject: { type: 'string', value: 'SUBJECT', isNeeded: true, doc: 'whose key it is' },
  kind: {
    type: 'string',
    value: 'KIND',
    oneOf: ['user', 'client', 'workload'],
    default: 'client',
    doc: 'what the subject is',
  },
  label: { type: 'string', value: 'TEXT', doc: 'what people call the key' },
  client: { type: 'string', value: 'ID', doc: 'the client of the principal' },
  scope: { type: 'list', value: 'SCOPE', doc: 'a scope of the key' },
  role: { type: 'list', value: 'ROLE', doc: 'a role of the key' },
  claims: { type: 'string', value: 'JSON', doc: 'further claims, as a JSON object' },
  'expires-in': {
    type: 'string',
    value: 'DURATION',
    doc: 'when the key ends, such as 90d, 12h or 30m (default never)',
  },
  ...KEY_FLAGS,
} as const satisfies Flags;

export const KEY_ROTATE_FLAGS = {
  overlap: {
    type: 'string',
    value: 'DURATION',
    default: '1d',
    doc: 'how long the old text stays good, such as 7d, 12h or 0s',
  },
  ...KEY_FLAGS,
} as const satisfies Flags;

export const KEY_REVOKE_FLAGS = KEY_FLAGS;

export const KEY_LIST_FLAGS = KEY_FLAGS;
