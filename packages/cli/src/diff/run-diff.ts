import type { Call } from '../command/command.js';
import { CommandError } from '../command/command-error.js';
import { ExitCode } from '../command/exit-code.js';
import { textOfFile } from '../contract/text-file.js';
import { paintFor } from '../terminal/colours.js';
import { byDanger, type Change, opensSomething } from './change.js';
import type { DIFF_FLAGS } from './diff-flags.js';
import type { Enforced } from './enforced.js';
import { enforcedConfiguration } from './enforced-configuration.js';
import { enforcedDocument } from './enforced-document.js';
import { operationChanges } from './operation-changes.js';
import { diffJson, diffMarkdown, diffText } from './report.js';
import { schemeChanges } from './scheme-changes.js';
import { settingChanges } from './setting-changes.js';

const FORMATS = { text: diffText, markdown: diffMarkdown, json: diffJson } as const;
const FAILS: Readonly<Record<string, (change: Change) => boolean>> = {
  opens: opensSomething,
  any: () => true,
  never: () => false,
};
/** Documents have this member at the top, in YAML or JSON. Configuration files have none of the name. */
const DOCUMENT = /^\s*\{?\s*["']?(?:openapi|swagger)["']?\s*:/m;

export async function runDiff(call: Call<typeof DIFF_FLAGS>): Promise<ExitCode> {
  const { operands, flags, surroundings } = call;
  const texts = await Promise.all(operands.map((path) => textOfFile(path, surroundings.directory)));
  const kinds = new Set(texts.map((text) => DOCUMENT.test(text)));
  if (kinds.size > 1) throw new CommandError('one of the files is an OpenAPI document, the other is none');
  const [old, latest] = await enforcedIn(texts, call);
  const found = [operationChanges, schemeChanges, settingChanges].flatMap((changesOf) => changesOf(old, latest));
  const changes = found.toSorted(byDanger);
  const { stdout } = surroundings;
  stdout.write(FORMATS[flags.format](changes, paintFor(stdout, surroundings)));
  return changes.some(FAILS[flags['fail-on']] as (change: Change) => boolean) ? ExitCode.Findings : ExitCode.Ok;
}

/** One after the other, so that errors come in this order. */
async function enforcedIn(
  texts: readonly string[],
  { operands, flags, surroundings }: Call<typeof DIFF_FLAGS>,
): Promise<readonly [old: Enforced, latest: Enforced]> {
  const enforced: Enforced[] = [];
  for (const [index, text] of texts.entries()) {
    const path = operands[index] ?? '';
    enforced.push(
      DOCUMENT.test(text)
        ? await enforcedDocument(path, text, flags, surroundings)
        : await enforcedConfiguration(path, text, surroundings),
    );
  }
  return enforced as unknown as readonly [Enforced, Enforced];
}
