import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PAGES, pageOf } from '../handlers/providers/provider-page.js';
import { blocksOf, DocumentProject } from './document-project.js';

const ROOT = join(__dirname, '../..');
let project: DocumentProject;

beforeAll(async () => {
  project = await DocumentProject.open(PAGES.map(pageOf));
});
afterAll(() => project?.remove());

test('every block of a page names its file, and all of them compile under strict', async () => {
  for (const provider of PAGES) {
    const files = blocksOf(pageOf(provider)).map(({ file }) => file);
    expect([provider, files[0]]).toEqual([provider, `${provider}.ts`]);
    if (files.length > 1) expect(files).toEqual([`${provider}.ts`, `${provider}.yaml`]);
  }
  expect(await project.compile()).toBe('');
}, 30_000);

test('the index names every page', () => {
  const index = readFileSync(join(ROOT, 'docs/providers/README.md'), 'utf8');
  const named = Array.from(index.matchAll(/^\| \[[^\]]+\]\(([\w-]+)\.md\)/gm), ([, page]) => page);
  expect(new Set(named)).toEqual(new Set(PAGES));
});
