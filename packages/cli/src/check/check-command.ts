import { command } from '../command/command.js';
import { CHECK_FLAGS } from './check-flags.js';

export const CHECK = command({
  name: 'check',
  operands: ['DOCUMENT'],
  flags: CHECK_FLAGS,
  summary: 'finds faults in the security of an OpenAPI document, and where an application differs from it',
  description: `Finds operations without security, scopes and schemes that are not declared, and schemes that
nobody needs. With --app it also finds routes that the document lacks, and operations that the
application lacks. The application is loaded in a process of its own, which listens on nothing
but a free port of this machine and ends as soon as the routes are known.
A TypeScript module needs a loader: --import tsx, or what the project uses.`,
  examples: [
    'sallyport check openapi.yaml',
    'sallyport check openapi.yaml --app dist/app.js --except "GET /health"',
    'sallyport check openapi.yaml --app src/app.ts --import tsx --format sarif > check.sarif',
  ],
  load: async () => (await import('./run-check.js')).runCheck,
});
