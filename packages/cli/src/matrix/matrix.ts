import type { CompiledContract } from '../contract/compiled-contract.js';
import { isOpen, type OperationNeeds, scopesText, verdictAgeText, type Way } from '../contract/needs.js';
import type { Paint } from '../terminal/colours.js';
import { counted } from '../terminal/counted.js';
import { jsonText } from '../terminal/json-text.js';
import { csv, markdownCode, markdownTable, type Row } from '../terminal/tables.js';

/** One row for each way to be let in to an operation, one column for each scheme that an operation needs. */
export function matrixMarkdown({ operations }: CompiledContract, paint: Paint): string {
  const schemes = [...new Set(operations.flatMap(({ ways }) => ways.flatMap(({ proofs }) => proofs)))];
  const hasGuards = operations.some(({ guards }) => guards.length > 0);
  const hasAges = operations.some(({ maxVerdictAgeSeconds }) => maxVerdictAgeSeconds !== undefined);
  const last = [...(hasGuards ? ['guards'] : []), ...(hasAges ? ['verdicts'] : [])];
  const head = ['operation', 'method', 'path', 'callers', ...schemes, ...last];
  const rows = operations.flatMap((operation) =>
    operation.ways.map((way, index) => [
      ...(index === 0 ? [operation.id, operation.method, markdownCode(operation.template)] : ['or', '', '']),
      way.proofs.length === 0 ? '**ANONYMOUS**' : 'proved',
      ...schemes.map((scheme) => cellOf(way, scheme)),
      ...(hasGuards ? [index === 0 ? operation.guards.join(', ') : ''] : []),
      ...(hasAges ? [index === 0 ? verdictAgeText(operation) : ''] : []),
    ]),
  );
  const table = markdownTable(head, rows).replaceAll('**ANONYMOUS**', paint('yellow', '**ANONYMOUS**'));
  return `${table}\n${summaryOf(operations)}\n`;
}

function cellOf(way: Way, scheme: string): string {
  return way.proofs.includes(scheme) ? scopesText(way, scheme) || 'yes' : '';
}

function summaryOf(operations: readonly OperationNeeds[]): string {
  const open = operations.filter(isOpen).length;
  return `${counted(operations.length, 'operation')}, ${open} of them open to everybody.`;
}

/** The same as data. */
export function matrixJson({ schemes, operations }: CompiledContract): string {
  const rows = operations.map(({ id, method, template, ways, guards, maxVerdictAgeSeconds }) => ({
    operation: id,
    method,
    path: template,
    anonymous: isOpen({ ways }),
    ways,
    guards,
    maxVerdictAgeSeconds,
  }));
  return jsonText({ schemes: [...schemes.keys()], operations: rows });
}

/** One line for each proof of each way, for spreadsheets. */
export function matrixCsv({ operations }: CompiledContract): string {
  const head = ['operation', 'method', 'path', 'way', 'scheme', 'scopes', 'guards', 'verdicts'];
  const rows = operations.flatMap(({ id, method, template, ways, guards, maxVerdictAgeSeconds }) =>
    ways.flatMap((way, index) => {
      const start: Row = [id, method, template, String(index + 1)];
      const end = [guards.join('; '), verdictAgeText({ maxVerdictAgeSeconds })];
      if (way.proofs.length === 0) return [[...start, 'ANONYMOUS', '', ...end]];
      return way.proofs.map((scheme) => [...start, scheme, scopesText(way, scheme), ...end]);
    }),
  );
  return csv([head, ...rows]);
}
