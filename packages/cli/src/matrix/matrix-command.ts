import { command } from '../command/command.js';
import { MATRIX_FLAGS } from './matrix-flags.js';

export const MATRIX = command({
  name: 'matrix',
  operands: ['DOCUMENT'],
  flags: MATRIX_FLAGS,
  summary: 'prints what each operation of an OpenAPI document needs: schemes and scopes',
  description: `Compiles an OpenAPI document as a chain does, and prints what is then enforced: one row for each way to be let
in to an operation, one column for each security scheme, with the scopes that its proof has to carry.
Operations that let everybody in stand out as ANONYMOUS.`,
  examples: ['sallyport matrix openapi.yaml', 'sallyport matrix openapi.yaml --format csv > matrix.csv'],
  load: async () => (await import('./print-matrix.js')).printMatrix,
});
