import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from './source-tree.js';

describe('the reference of options', () => {
  const run = (...options: readonly string[]) =>
    spawnSync(process.execPath, ['test/repository/option-reference.js', ...options], { cwd: ROOT, encoding: 'utf8' });

  test('is what the tables of options say; to write it anew: npm run reference', () => {
    const { stdout, stderr } = run('--check');
    expect(stdout + stderr).toBe('');
  });

  test('says of every option what it means', () => {
    const page = readFileSync(join(ROOT, 'docs/options.md'), 'utf8');
    const rows = page.match(/^\| `.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(150);
    expect(rows.filter((row) => /\| *\|$/.test(row))).toEqual([]);
  });

  test('gets its row from the one place where an option is declared', () => {
    const folder = mkdtempSync(join(tmpdir(), 'invented-'));
    const source = join(folder, 'invented-options.ts');
    writeFileSync(
      source,
      `import { option } from '@sallyport/core/extend';
export const INVENTED = option.table('InventedOptions', {
  /** How long the invented thing waits, in milliseconds. */
  inventedMs: option.withDefault(option.between(5, 50), 20),
});
`,
    );
    const { stdout } = run('--print', source);
    rmSync(folder, { recursive: true });
    expect(stdout).toContain(
      '| `inventedMs` | number from 5 to 50 | 20 | How long the invented thing waits, in milliseconds. |',
    );
  });
});
