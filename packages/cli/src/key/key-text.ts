import type { ApiKeyRecord } from '@sallyport/handlers/api-key';
import { printable } from '../terminal/printable.js';

/** What people and programs may know of a key. */
export function toldOf(record: ApiKeyRecord, nowSeconds: number): Record<string, unknown> {
  const { secrets, revision: _, ...told } = record;
  const [, old] = secrets;
  return { ...told, state: stateOf(record, nowSeconds), oldTextEndsAt: old?.endsAt };
}

function stateOf({ revokedAt, expiresAt }: ApiKeyRecord, nowSeconds: number): string {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= nowSeconds ? 'expired' : 'good';
}

export function dateOf(seconds: number | undefined, otherwise: string): string {
  return seconds === undefined ? otherwise : new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}

/** `the key 4gM9x0LqTz2R of web-shop`. */
export function nameOf({ id, subject }: ApiKeyRecord): string {
  return `the key ${id} of ${printable(subject)}`;
}

/** A table for a terminal: two spaces between columns. */
export function listText(records: readonly ApiKeyRecord[], nowSeconds: number): string {
  const head = ['ID', 'SUBJECT', 'LABEL', 'SCOPES', 'STATE', 'MADE', 'ENDS', 'USED'];
  const rows = records.map((record) => [
    record.id,
    record.subject,
    record.label ?? '-',
    record.scopes.join(' ') || '-',
    stateOf(record, nowSeconds),
    dateOf(record.createdAt, '-'),
    dateOf(record.expiresAt, 'never'),
    dateOf(record.usedAt, 'never'),
  ]);
  const table = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, index) => Math.max(...table.map((row) => row[index]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}
