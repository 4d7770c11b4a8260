import type { Call } from '../command/command.js';
import { ExitCode } from '../command/exit-code.js';
import { withConfiguredChain } from '../configuration/configured-chain.js';
import { paintFor } from '../terminal/colours.js';
import { askedRequest } from './asked-request.js';
import type { EXPLAIN_FLAGS } from './explain-flags.js';
import { explanationJson, explanationText } from './explanation-text.js';

export async function runExplain({ flags, surroundings }: Call<typeof EXPLAIN_FLAGS>): Promise<ExitCode> {
  const requestFor = await askedRequest(flags, surroundings);
  const explanation = await withConfiguredChain(flags.config, flags, surroundings, async (chain) =>
    chain.explain(requestFor(chain)),
  );
  const { stdout } = surroundings;
  stdout.write(
    flags.format === 'json'
      ? explanationJson(explanation)
      : explanationText(explanation, paintFor(stdout, surroundings)),
  );
  return explanation.decision.kind === 'granted' ? ExitCode.Ok : ExitCode.Findings;
}
