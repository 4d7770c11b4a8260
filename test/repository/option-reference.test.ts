import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from './source-tree.js';

describe('the reference of options', () => {
  test('is what the tables of options say; to write it anew: npm run reference', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['test/repository/option-reference.js', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
  });

  test('says of every option what it means', () => {
    const page = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
    const rows = page.match(/^\| `.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(150);
    expect(rows.filter((row) => /\| *\|$/.test(row))).toEqual([]);
  });
});
