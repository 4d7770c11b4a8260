import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');
const PAGES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...PAGES.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];
const PATH = /`((?:packages|test|examples|bench|docs)\/[\w./-]+)`/g;
const LINK = /\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g;

test.each(DOCUMENTS)('every path and link in %s leads somewhere', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const paths = [...text.matchAll(PATH)].map(([, path = '']) => path);
  const links = [...text.matchAll(LINK)].map(([, path = '']) => join(dirname(document), path));
  expect([...paths, ...links].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
