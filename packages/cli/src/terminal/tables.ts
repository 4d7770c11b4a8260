import { printable } from './printable.js';

export type Row = readonly string[];

/** A Markdown table. A bar in a cell would end it. */
export function markdownTable(head: Row, rows: readonly Row[]): string {
  const cells = (row: Row) => `| ${row.map((cell) => printable(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [cells(head), `|${'---|'.repeat(head.length)}`, ...rows.map(cells)].map((line) => `${line}\n`).join('');
}

/** Code in Markdown: with more backticks around it than in it. */
export function markdownCode(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  if (longest === 0) return `\`${text}\``;
  const fence = '`'.repeat(longest + 1);
  return `${fence} ${text} ${fence}`;
}

/**
 * Comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula starts with an apostrophe
 * (CWE-1236).
 */
export function csv(rows: readonly Row[]): string {
  const cell = (given: string) => {
    const text = printable(given);
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
