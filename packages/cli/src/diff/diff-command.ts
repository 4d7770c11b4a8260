import { command } from '../command/command.js';
import { DIFF_FLAGS } from './diff-flags.js';

export const DIFF = command({
  name: 'diff',
  operands: ['OLD', 'NEW'],
  flags: DIFF_FLAGS,
  summary: 'tells what a new OpenAPI document or configuration file opens, closes or changes',
  description: `Compiles two OpenAPI documents, or two configuration files, and compares what they enforce, operation by
operation. The most dangerous differences come first: what is open to everybody now, and what needs less.
Handlers of configuration files are compared as data, with their references unresolved: nothing of them is
built, and no value is printed. What cannot be judged, such as another audience, counts as opening.`,
  examples: [
    'sallyport diff main/openapi.yaml openapi.yaml',
    'sallyport diff old-security.yaml security.yaml --format markdown --fail-on never',
  ],
  load: async () => (await import('./run-diff.js')).runDiff,
});
