import { CONTRACT_FLAGS } from '../contract/contract-flags.js';
import { LEVELS } from '../findings/finding.js';

/** The options of `check`. */
export const CHECK_FLAGS = {
  app: {
    type: 'string',
    value: 'MODULE',
    doc: 'the module of the application whose routes are compared: it exports one of Express, Fastify, Koa, Hono or Nest, or a function that makes it, as default or as app',
  },
  import: {
    type: 'list',
    value: 'MODULE',
    doc: 'a module to load before the application, such as a loader for TypeScript',
  },
  config: {
    type: 'string',
    value: 'FILE',
    doc: 'the configuration file that enforces the document: says which schemes are proved, which operations are open, and which base path is theirs',
  },
  except: {
    type: 'list',
    value: 'ROUTE',
    doc: 'a route that is no part of the contract, such as "GET /health"; with * at the end, all that start so',
  },
  format: {
    type: 'string',
    value: 'FORMAT',
    oneOf: ['text', 'json', 'sarif'],
    default: 'text',
    doc: 'how it is printed',
  },
  'fail-on': {
    type: 'string',
    value: 'LEVEL',
    oneOf: LEVELS,
    default: 'warning',
    doc: 'the least grave finding for which the exit code is 1',
  },
  open: CONTRACT_FLAGS.open,
  'base-path': CONTRACT_FLAGS['base-path'],
} as const;
