import type { Call } from '../command/command.js';
import { ExitCode } from '../command/exit-code.js';
import { type CompiledContract, compiledContract } from '../contract/compiled-contract.js';
import { paintFor } from '../terminal/colours.js';
import { matrixCsv, matrixJson, matrixMarkdown } from './matrix.js';
import type { MATRIX_FLAGS } from './matrix-flags.js';

const FORMATS = { markdown: matrixMarkdown, json: matrixJson, csv: matrixCsv } as const;

export async function printMatrix({ operands, flags, surroundings }: Call<typeof MATRIX_FLAGS>): Promise<ExitCode> {
  const [document = ''] = operands;
  const contract: CompiledContract = await compiledContract(document, flags, surroundings);
  const { stdout } = surroundings;
  stdout.write(FORMATS[flags.format](contract, paintFor(stdout, surroundings)));
  return ExitCode.Ok;
}
