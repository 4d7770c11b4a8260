import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PACKAGES } from '../support/installed-project.js';
import { blocksOf, DocumentProject } from './document-project.js';

const ROOT = join(__dirname, '../..');

/** What the reader has already. */
const READER = `
declare const alarm: (...given: readonly unknown[]) => void;
declare const chain: import('@sallyport/core').SecurityChain;
declare const definition: string;
declare const introspection: import('@sallyport/core').SecurityHandler;
declare const logger: { debug(line: string): void };
declare const requirement: import('@sallyport/core').Requirement;
declare const revocations: import('@sallyport/core').Revocations;
declare const storage: import('node:async_hooks').AsyncLocalStorage<{ readonly requestId: string }>;
declare const token: string;
declare const tokens: import('@sallyport/core').SecurityHandler;
`;
const documents = [
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
  ...PACKAGES.map((name) => `packages/${name}/README.md`),
].filter((name) => name.endsWith('.md'));

/** Blocks that are whole files name them, and are run by the tests of their documents. */
const parts = documents.flatMap((document) =>
  blocksOf(document)
    .filter(({ language, file }) => language === 'ts' && file === undefined)
    .map(({ code }) => ({ document, code })),
);

test('a block that is a part of a file compiles under strict, with what the reader has already', async () => {
  const project = await DocumentProject.open([]);
  project.write('reader.d.ts', READER);
  for (const [index, { document, code }] of parts.entries()) {
    const lacksImport = code.includes('new SecurityChain(') && !code.includes("from '@sallyport/core'");
    const head = lacksImport ? "import { SecurityChain } from '@sallyport/core';" : 'export {};';
    project.write(`part-${index}-${document.replaceAll(/\W/g, '-')}.ts`, `${head}\n${code}`);
  }
  expect(parts.length).toBeGreaterThan(8);
  expect(await project.compile()).toBe('');
  project.remove();
});
