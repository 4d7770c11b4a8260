import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { ROOT } from './source-tree.js';

test('every value that applications import has an example, and every example of a docstring compiles', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['test/repository/examples.js'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stdout + stderr).toBe('');
}, 30_000);
