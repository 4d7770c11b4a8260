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

const ANCHOR = /\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g;
const BLOCK = /^```.*?^```/gms;
const HEADING = /^#+ (.+)$/gm;

/** As GitHub makes it of the text of a heading. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
  return words.trim().replaceAll(' ', '-');
}

function anchorsIn(document: string): readonly string[] {
  const text = readFileSync(join(ROOT, document), 'utf8').replace(BLOCK, '');
  return [...text.matchAll(HEADING)].map(([, heading = '']) => anchorOf(heading));
}

test.each(DOCUMENTS)('every link in %s to a heading finds it', (document) => {
  const links = [...readFileSync(join(ROOT, document), 'utf8').matchAll(ANCHOR)];
  const lost = links.filter(([, path = '', anchor = '']) => {
    const target = path === '' ? document : join(dirname(document), path);
    return target.endsWith('.md') && !anchorsIn(target).includes(anchor);
  });
  expect(lost.map(([link]) => link)).toEqual([]);
});
