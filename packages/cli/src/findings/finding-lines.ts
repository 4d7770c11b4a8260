import type { Paint } from '../terminal/colours.js';
import { counted } from '../terminal/counted.js';
import { printable } from '../terminal/printable.js';
import { type Finding, LEVELS, type Level } from './finding.js';

const STYLES = { error: 'red', warning: 'yellow', note: 'dim' } as const satisfies Record<Level, Parameters<Paint>[0]>;

/** One line for each finding, which editors and CI systems can read: `api.yaml:12:7: error: … [rule]`. */
export function findingLines(findings: readonly Finding[], paint: Paint): string {
  return findings
    .map(({ rule, message, place: { file, line, column } }) => {
      const level = paint(STYLES[rule.level], rule.level);
      return `${printable(file)}:${line}:${column}: ${level}: ${printable(message)} [${rule.id}]\n`;
    })
    .join('');
}

/** `3 findings: 2 errors, 1 note`. */
export function countOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'no findings';
  const counts = LEVELS.flatMap((level) => {
    const count = findings.filter(({ rule }) => rule.level === level).length;
    return count === 0 ? [] : [counted(count, level)];
  });
  return `${counted(findings.length, 'finding')}: ${counts.join(', ')}`;
}
