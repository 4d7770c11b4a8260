import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

interface Protection {
  readonly rule: string;
  readonly ref: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
  readonly title: string;
}

const ROOT = join(__dirname, '../..');
const LISTS = join(ROOT, 'test/mutation/protections');
const rows: readonly Protection[] = readdirSync(LISTS).flatMap((file) =>
  JSON.parse(readFileSync(join(LISTS, file), 'utf8')),
);

// Whether a test notices that one is gone, `npm run mutation` finds out.
describe('the protections that are taken away one at a time', () => {
  test('have each a rule of its own', () => {
    expect(new Set(rows.map(({ rule }) => rule)).size).toBe(rows.length);
  });

  test('are a hundred at least', () => {
    expect(rows.length).toBeGreaterThanOrEqual(100);
  });

  test.each(rows)('$rule: stands in the code, and what notices its absence exists', (row) => {
    expect(readFileSync(join(ROOT, row.file), 'utf8').split(row.find)).toHaveLength(2);
    expect(row.replace).not.toBe(row.find);
    expect(existsSync(join(ROOT, row.test))).toBe(true);
    expect(row.ref).toMatch(/RFC \d+|CVE-\d|GHSA-|CWE-\d|OpenID|OpenAPI|Fetch Standard|docs\//);
    expect(row.title.length).toBeGreaterThan(10);
  });
});
