import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../repository/source-tree.js';

const run = promisify(execFile);
const BLOCK = /^```(?:ts|yaml)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm;

/** The files that a document consists of, compiled as a reader would, in a folder beside the packages. */
class WorkedDocument {
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;

  private constructor(folder: string, files: ReadonlyMap<string, string>) {
    this.folder = folder;
    this.files = files;
  }

  static async open(name: string): Promise<WorkedDocument> {
    const text = await readFile(join(ROOT, 'docs', name), 'utf8');
    const files = new Map([...text.matchAll(BLOCK)].map(([, file, code]) => [file as string, code as string]));
    const folder = await mkdtemp(join(ROOT, '.docs-'));
    for (const [file, code] of files) await writeFile(join(folder, file), code);
    const sources = [...files.keys()].filter((file) => file.endsWith('.ts'));
    const options = {
      extends: '../tsconfig.base.json',
      compilerOptions: { rootDir: '.', outDir: '.' },
      files: sources,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options));
    const document = new WorkedDocument(folder, files);
    await document.#compile().catch(async (error) => {
      await document.remove();
      throw new Error(`${name} does not compile:\n${error.stdout}`);
    });
    return document;
  }

  async run(...args: readonly string[]): Promise<string> {
    // A test runner's own variable would make `node --test` report to it instead of printing.
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const { stdout } = await run(process.execPath, [...args], { cwd: this.folder, env });
    return stdout;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  #compile(): Promise<unknown> {
    return run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', this.folder]);
  }
}

const linesOf = (code: string | undefined) => (code ?? '').split('\n').filter((line) => line.trim() !== '').length;

describe('docs/writing-a-handler.md', () => {
  let document: WorkedDocument;
  beforeAll(async () => {
    document = await WorkedDocument.open('writing-a-handler.md');
  }, 30_000);
  afterAll(() => document?.remove());

  test('a handler and its test are 40 lines together, at most', () => {
    const [handler, itsTest] = ['partner-key.ts', 'partner-key.test.ts'].map((name) => document.files.get(name));
    expect(linesOf(handler)).toBeGreaterThan(5);
    expect(linesOf(handler) + linesOf(itsTest)).toBeLessThanOrEqual(40);
  });

  test('the test passes, the contract of handlers included', async () => {
    const report = await document.run('--test', '--test-reporter=tap', 'partner-key.test.js');
    expect(report).toMatch(/^# pass 15$/m);
    expect(report).toMatch(/^# fail 0$/m);
  });

  test('the server answers', async () => {
    const child = spawn(process.execPath, ['server.js'], {
      cwd: document.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const [origin] = (await once(lines, 'line')) as [string];
    const ask = async (key: string) => (await fetch(origin, { headers: { 'x-partner-key': key } })).text();
    expect(await ask('key-of-alice')).toBe('Hello, alice');
    expect(JSON.parse(await ask('key-of-mallory'))).toMatchObject({ status: 401 });
    child.kill();
    lines.close();
  });

  test('the class of its own takes signed links', async () => {
    const code = `
      import { createHmac } from 'node:crypto';
      import { SecurityChain } from '@sallyport/core';
      import { ask } from '@sallyport/core/testing';
      import { SignedLinkHandler } from './signed-link.js';
      const signature = createHmac('sha256', 'secret').update('/report alice').digest('base64url');
      const chain = new SecurityChain({ requirement: new SignedLinkHandler('secret') });
      for (const query of ['user=alice&signature=' + signature, 'user=bob&signature=' + signature, 'signature=a', '']) {
        console.log((await ask(chain, 'GET /report?' + query)).status);
      }`;
    expect((await document.run('--input-type=module', '--eval', code)).split('\n')).toEqual([
      '200',
      '401',
      '400',
      '401',
      '',
    ]);
  });
});

describe('docs/dependency-injection.md', () => {
  let document: WorkedDocument;
  beforeAll(async () => {
    document = await WorkedDocument.open('dependency-injection.md');
  }, 30_000);
  afterAll(() => document?.remove());

  test('the test of the registered chain passes', async () => {
    const report = await document.run('--test', '--test-reporter=tap', 'security.test.js');
    expect(report).toMatch(/^# pass 1$/m);
  });

  test('the file is read', async () => {
    expect(await document.run('from-file.js')).toBe('doors badge,tokens\n');
  });
});
