import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

test('loading the packages and making handlers draws no random bytes, sets no timer and calls nobody, as Workers demand', async () => {
  const script = join(__dirname, '../support/module-scope.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(Number(stdout)).toBeGreaterThan(20);
});
