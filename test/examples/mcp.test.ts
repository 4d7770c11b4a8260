import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ExampleProcess } from '../support/example-process.js';

const CLIENT = join(__dirname, '../../examples/mcp/dist/client.js');

describe('examples/mcp', () => {
  let example: ExampleProcess;
  beforeAll(async () => {
    example = await ExampleProcess.start('mcp/main', {});
  });
  afterAll(async () => {
    expect(await example.stop()).toBe(0);
  });

  test('a client finds its way, gets another token for a tool that needs one, and is cut off when its user is', async () => {
    const address = `${example.origin}/mcp`;
    const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, address]);
    expect(stdout.split('\n')).toEqual([
      'list: The notes of alice',
      'purge: All notes are deleted',
      `asked for notes:read at ${address}`,
      `asked for notes:read notes:write at ${address}`,
      'log-out: Good bye',
      'list: UnauthorizedError',
      '',
    ]);
  });
});
