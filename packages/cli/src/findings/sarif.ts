import { hash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding, Rule } from './finding.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The findings as a log of SARIF 2.1.0, for code scanning. `rules` are all that were asked, also those that found nothing. */
export function sarifOf(findings: readonly Finding[], rules: readonly Rule[], version: string): object {
  const driver = {
    name: 'sallyport',
    version,
    rules: rules.map(({ id, level, summary }) => ({
      id,
      shortDescription: { text: summary },
      defaultConfiguration: { level },
    })),
  };
  const results = findings.map((finding) => resultOf(finding, rules));
  return { $schema: SCHEMA, version: '2.1.0', runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }] };
}

function resultOf({ rule, message, place }: Finding, rules: readonly Rule[]): object {
  const { file, pointer, line, column } = place;
  return {
    ruleId: rule.id,
    ruleIndex: rules.indexOf(rule),
    level: rule.level,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
        logicalLocations: [{ fullyQualifiedName: pointer, kind: 'member' }],
      },
    ],
    // The same finding keeps its identity when lines above it come and go.
    partialFingerprints: { 'sallyport/v1': hash('sha256', `${rule.id}\n${pointer}\n${message}`, 'hex') },
  };
}

function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
