import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'packages/cli/dist/main/bin.js');

function sallyport(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [BIN, ...args], { cwd: ROOT, encoding: 'utf8' });
}

describe('the program', () => {
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
