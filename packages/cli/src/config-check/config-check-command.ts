import { command } from '../command/command.js';
import { CONFIG_CHECK_FLAGS } from './config-check-flags.js';

export const CONFIG_CHECK = command({
  name: 'config check',
  operands: ['FILE'],
  flags: CONFIG_CHECK_FLAGS,
  summary: 'reads a configuration file, resolves its references and builds its chain',
  description: `Does all that a server does with its configuration file before it starts: reads it, resolves its references
to environment variables and files, reads its contract and builds every handler that it lists. What is wrong is
told with line and column, and without the value. What weakens the security is told as a warning, and so is a
handler that nobody uses.`,
  examples: ['sallyport config check security.yaml', 'sallyport config check security.yaml --start --strict'],
  load: async () => (await import('./run-config-check.js')).runConfigCheck,
});
