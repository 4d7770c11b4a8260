import type { Finding } from '../findings/finding.js';
import { countOf, findingLines } from '../findings/finding-lines.js';
import { sarifOf } from '../findings/sarif.js';
import type { LiveApplication } from '../routes/live-route.js';
import type { Paint } from '../terminal/colours.js';
import { counted } from '../terminal/counted.js';
import { jsonText } from '../terminal/json-text.js';
import { CHECK_RULES } from './check-rules.js';

/** What `check` has looked at, and what it has found. */
export interface Report {
  readonly document: string;
  readonly operations: number;
  readonly application: LiveApplication | undefined;
  readonly findings: readonly Finding[];
  /** The version of this program. */
  readonly version: string;
}

/** A line for each finding, and one that counts them. */
export function textReport({ operations, application, findings }: Report, paint: Paint): string {
  const routes =
    application === undefined ? '' : ` and ${counted(application.routes.length, 'route')} of ${application.framework}`;
  return `${findingLines(findings, paint)}${countOf(findings)} in ${counted(operations, 'operation')}${routes}\n`;
}

/** The findings, and the routes that the application serves. */
export function jsonReport({ document, operations, application, findings }: Report): string {
  const told = findings.map(({ rule, message, place }) => ({ rule: rule.id, level: rule.level, message, ...place }));
  return jsonText({ document, operations, application, findings: told });
}

/** SARIF 2.1.0. */
export function sarifReport({ findings, version }: Report): string {
  return jsonText(sarifOf(findings, Object.values(CHECK_RULES), version));
}
