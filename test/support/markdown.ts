import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** A row of a table: cell by heading. */
export type TableRow = Readonly<Record<string, string>>;

export function documentOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The tables of a Markdown document, in order. */
export function tablesOf(markdown: string): readonly (readonly TableRow[])[] {
  const blocks = markdown.split(/\n(?!\|)/).map((block) => block.split('\n').filter((line) => line.startsWith('|')));
  return blocks
    .filter(({ length }) => length > 2)
    .map(([head = '', _rule, ...rows]) => {
      const headings = cellsOf(head);
      return rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, index) => [headings[index] ?? '', cell])));
    });
}

function cellsOf(line: string): readonly string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
