import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');
const { bin } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'));
const BIN = join(ROOT, 'packages/cli', bin.sallyport);

function sallyport(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [BIN, ...args], { cwd: ROOT, encoding: 'utf8' });
}

describe('the program', () => {
  test('is no part of the build: npm links only what is there when it installs a fresh checkout', () => {
    expect(bin.sallyport).not.toContain('dist');
    expect(statSync(BIN).mode & 0o111).toBe(0o111);
  });

  test('prints on stdout and ends with 0', () => {
    const { status, stdout, stderr } = sallyport('matrix', 'examples/gateway/gateway-api.yaml');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      '| redeployAPI | POST | `/api/am/gateway/v1/redeploy-api` | proved | apim:api_publish |  |',
    );
  });

  test('says what is wrong in one line on stderr, without a stack trace, and ends with 2', () => {
    const { status, stdout, stderr } = sallyport('matrix', 'package.json');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^sallyport: package\.json:1:1 the definition must be OpenAPI 3.*\n$/);
  });

  test('ends quietly when its reader has seen enough', () => {
    const command = `"${process.execPath}" "${BIN}" matrix examples/gateway/gateway-api.yaml | head -c 1`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '|', '']);
  });
});
