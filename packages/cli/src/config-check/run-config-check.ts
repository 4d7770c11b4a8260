import { resolve } from 'node:path';
import type { Call } from '../command/command.js';
import { ExitCode } from '../command/exit-code.js';
import { kindsFor } from '../configuration/kinds.js';
import { withWarnings } from '../configuration/warnings.js';
import { textOfFile } from '../contract/text-file.js';
import { paintFor } from '../terminal/colours.js';
import { jsonText } from '../terminal/json-text.js';
import { oneLine } from '../terminal/printable.js';
import { withProgress } from '../terminal/progress.js';
import { type CheckedConfiguration, checkedConfiguration } from './checked-configuration.js';
import type { CONFIG_CHECK_FLAGS } from './config-check-flags.js';

export async function runConfigCheck(call: Call<typeof CONFIG_CHECK_FLAGS>): Promise<ExitCode> {
  const { operands, flags, surroundings } = call;
  const { directory, environment, stdout } = surroundings;
  const [file = ''] = operands;
  const text = await textOfFile(file, directory);
  const kinds = await kindsFor(flags, directory);
  const checking = { file, text, path: resolve(directory, file), kinds, environment, isStarted: flags.start };
  const { value, warnings } = await withWarnings(surroundings, () =>
    withProgress(`${flags.start ? 'starting' : 'building'} ${file}`, surroundings, () =>
      checkedConfiguration(checking),
    ),
  );
  const checked = { ...value, warnings: [...value.warnings, ...warnings] };
  stdout.write(flags.format === 'json' ? jsonText({ file, ...checked }) : textOf(checked, call));
  const isFound = checked.errors.length > 0 || (flags.strict && checked.warnings.length > 0);
  return isFound ? ExitCode.Findings : ExitCode.Ok;
}

function textOf(
  checked: CheckedConfiguration,
  { operands, flags, surroundings }: Call<typeof CONFIG_CHECK_FLAGS>,
): string {
  const { errors, warnings, chain, handlers } = checked;
  const paint = paintFor(surroundings.stdout, surroundings);
  const list = handlers.map(({ name, kind }) => `${name} (${kind})`).join(', ') || 'none';
  const done = `${operands[0]}: the chain ${chain} can be ${flags.start ? 'built and started' : 'built'}; handlers: ${list}`;
  return [
    ...errors.map((error) => `${paint('red', 'error')} ${oneLine(error)}`),
    ...warnings.map((warning) => `${paint('yellow', 'warning')} ${oneLine(warning)}`),
    ...(errors.length === 0 ? [oneLine(done)] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
