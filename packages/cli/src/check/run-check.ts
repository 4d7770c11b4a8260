import { liveApplication } from '../application/live-application.js';
import type { Call } from '../command/command.js';
import { ExitCode } from '../command/exit-code.js';
import { version } from '../command/version.js';
import { isAtLeast, sorted } from '../findings/finding.js';
import { paintFor } from '../terminal/colours.js';
import { withProgress } from '../terminal/progress.js';
import type { CHECK_FLAGS } from './check-flags.js';
import { configuredContract } from './configured-contract.js';
import { contractView } from './contract-view.js';
import { withoutExceptions } from './exceptions.js';
import { jsonReport, sarifReport, textReport } from './report.js';
import { routeFindings } from './route-findings.js';
import { securityFindings } from './security-findings.js';

const REPORTS = { text: textReport, json: jsonReport, sarif: sarifReport } as const;

export async function runCheck({ operands, flags, surroundings }: Call<typeof CHECK_FLAGS>): Promise<ExitCode> {
  const [document = ''] = operands;
  const { app, import: imports, except, config: file } = flags;
  const { directory, stdout } = surroundings;
  const configured = file === undefined ? undefined : { file, ...(await configuredContract(file, directory)) };
  const open = [...flags.open, ...(configured?.open ?? [])];
  const basePaths = flags['base-path'] === undefined ? configured?.basePaths : [flags['base-path']];
  const contract = await withProgress(`reading ${document}`, surroundings, () =>
    contractView(document, { basePaths, directory }),
  );
  const loaded =
    app === undefined
      ? undefined
      : await withProgress(`loading ${app}`, surroundings, () => liveApplication(app, { imports }, surroundings));
  const application = loaded && withoutExceptions(loaded, except);
  const findings = sorted([
    ...securityFindings(contract, { open, configured }),
    ...(application === undefined ? [] : routeFindings(contract, application)),
  ]);
  const report = { document, operations: contract.operations.length, application, findings, version: await version() };
  stdout.write(REPORTS[flags.format](report, paintFor(stdout, surroundings)));
  return findings.some(isAtLeast(flags['fail-on'])) ? ExitCode.Findings : ExitCode.Ok;
}
