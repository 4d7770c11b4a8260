import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { securityToken, tokens } from '@sallyport/configuration/tsyringe';
import { ROOT } from '../repository/source-tree.js';

const run = promisify(execFile);

/** Runs a module on what is built, in a process without a test runner's own modules. */
async function printedBy(code: string): Promise<string> {
  const cwd = join(ROOT, 'packages', 'handlers');
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd });
  return stdout.trim();
}

describe('the container stays behind its door', () => {
  test('who uses no container never loads tsyringe or reflect-metadata', async () => {
    const loaded = await printedBy(`
      await import('@sallyport/core');
      await import('@sallyport/core/testing');
      await import('@sallyport/handlers');
      await import('@sallyport/handlers/kinds');
      await import('@sallyport/configuration');
      console.log(typeof Reflect.getMetadata);
    `);
    expect(loaded).toBe('undefined');
  });

  test('who uses one need not think of the polyfill, which tsyringe wants to be loaded first', async () => {
    const working = await printedBy(`
      const { container, registerSecurity, resolveChain } = await import('@sallyport/configuration/tsyringe');
      console.log(typeof Reflect.getMetadata, typeof container.resolve, typeof registerSecurity, typeof resolveChain);
    `);
    expect(working).toBe('function function function function');
    await expect(printedBy(`await import('tsyringe')`)).rejects.toThrow(/reflect/i);
  });
});

describe('tokens', () => {
  test('are equal in two copies of a package, where classes are not', () => {
    expect(tokens.clock).toBe(Symbol.for('@sallyport/configuration/clock'));
    expect(tokens.handler('a')).toBe(tokens.handler('a'));
    expect(tokens.handler('a')).not.toBe(tokens.options('a'));
    expect(securityToken('company/store')).toBe(securityToken('company/store'));
  });
});

describe('listeners of a chain', () => {
  test('cannot change a decision by throwing; the failure becomes a warning', async () => {
    const printed = await printedBy(`
      import { SecurityChain, anonymous } from '@sallyport/core';
      import { buildRequest } from '@sallyport/core/testing';
      const heard = [];
      process.on('warning', (warning) => console.log(warning.name));
      const listeners = [() => { throw new Error('broken listener'); }, () => heard.push('second')];
      const chain = new SecurityChain({ requirement: anonymous() }, { listeners });
      console.log(chain.decide(buildRequest()).kind, heard.join());
    `);
    expect(printed.split('\n')).toEqual(['granted second', 'SallyportWarning']);
  });
});
