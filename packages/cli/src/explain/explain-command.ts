import { command } from '../command/command.js';
import { EXPLAIN_FLAGS } from './explain-flags.js';

export const EXPLAIN = command({
  name: 'explain',
  operands: [],
  flags: EXPLAIN_FLAGS,
  summary: 'decides one token or request by a configuration file, and tells why, and what to change',
  description: `Builds and starts the chain of a configuration file, lets it decide, and prints what each handler said, what was
expected and what came, the answer that a client would get, and what to change.
A token is read from a file, an environment variable or stdin, never from the command line, which other users of the
machine can see. Nothing secret is printed: neither the token nor a part of it. What the token says of itself may be.
The chain asks the same servers and stores as your server does: what works once is used up.`,
  examples: [
    'sallyport explain --config security.yaml --operation getOrder < token.txt',
    'sallyport explain --config security.yaml --token-env TOKEN --method POST --target /orders',
    'sallyport explain --config security.yaml --request request.http --format json',
  ],
  load: async () => (await import('./run-explain.js')).runExplain,
});
