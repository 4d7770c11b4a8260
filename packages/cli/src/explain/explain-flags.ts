import type { Flags } from '../command/command.js';
import { CONFIGURATION_FLAGS } from '../configuration/configuration-flags.js';

export const EXPLAIN_FLAGS = {
  config: { type: 'string', value: 'FILE', isNeeded: true, doc: 'the configuration file' },
  'token-file': { type: 'string', value: 'FILE', doc: 'the token is in this file; by default it is read from stdin' },
  'token-env': { type: 'string', value: 'NAME', doc: 'the token is in this environment variable' },
  operation: { type: 'string', value: 'ID', doc: 'with a token: the operation that is called' },
  method: { type: 'string', value: 'METHOD', doc: 'with a token: the method that is called (default GET)' },
  target: { type: 'string', value: 'TARGET', doc: 'with a token: the path and query that are called (default /)' },
  request: {
    type: 'string',
    value: 'FILE',
    doc: 'a whole request instead of a token, as JSON (method, target, headers, body) or as it is sent; - is stdin',
  },
  format: { type: 'string', value: 'FORMAT', oneOf: ['text', 'json'], default: 'text', doc: 'how it is printed' },
  ...CONFIGURATION_FLAGS,
} as const satisfies Flags;
