import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(__dirname, '../..');
const PAGES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
const FOLDERS = ['examples', 'packages'].flatMap((parent) =>
  readdirSync(join(ROOT, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${parent}/${name}`),
);
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...FOLDERS.map((folder) => `${folder}/README.md`),
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

const SOURCE_LINK = /\]\((?!https?:)([^)#\s]+\.(?:ts|js|yaml|json))\)/g;
const FENCED = /(^```\w+\n.*?^```$)/ms;
const FILE_NAME = /^(?:\/\/|#) [\w./-]+\n/;

interface Shown {
  readonly document: string;
  readonly link: string;
  readonly code: string;
}

/** The files whose links are in the paragraph directly before or after a block of their language. */
function shownBeside(document: string, text: string): readonly Shown[] {
  // Prose and blocks take turns.
  const parts = text.split(FENCED);
  return parts.flatMap((part, index) => {
    if (index % 2 === 0) return [];
    const [fence = '', ...lines] = part.split('\n');
    const before = parts[index - 1]?.trim().split('\n\n').at(-1);
    const after = parts[index + 1]?.trim().split('\n\n')[0];
    const links = [...`${before}\n${after}`.matchAll(SOURCE_LINK)].map(([, link = '']) => link);
    const code = `${lines.slice(0, -1).join('\n')}\n`;
    return links
      .filter((link) => fence === `\`\`\`${extname(link).slice(1)}`)
      .map((link) => ({ document, link, code }));
  });
}

/** A block as its file has it: it may name the file in a first line of its own. */
function asIn(text: string, code: string): string {
  return FILE_NAME.test(text) ? code : code.replace(FILE_NAME, '');
}

describe('a file that is linked beside a block', () => {
  const shown = DOCUMENTS.flatMap((document) => shownBeside(document, readFileSync(join(ROOT, document), 'utf8')));

  test.each(shown)('$link of $document starts with this block', ({ document, link, code }) => {
    const text = readFileSync(join(ROOT, dirname(document), link), 'utf8');
    const beginning = asIn(text, code);
    expect(text.slice(0, beginning.length)).toBe(beginning);
  });

  test('is found before and after its block, and in no other language', () => {
    expect(shown.length).toBeGreaterThanOrEqual(3);
    const block = '```ts\nconst a = 1;\n```';
    const found = (text: string) => shownBeside('', text).map(({ link }) => link);
    expect(found(`see [a](a.ts)\n\n[b](b.ts) begins so:\n\n${block}\n\n[c](c.yaml), [d](d.ts)\n\n[e](e.ts)`)).toEqual([
      'b.ts',
      'd.ts',
    ]);
    expect(asIn('const a = 1;\n', '// a.ts\nconst a = 1;\n')).toBe('const a = 1;\n');
    expect(asIn('// a.ts\nconst a = 1;\n', '// a.ts\nconst a = 1;\n')).toBe('// a.ts\nconst a = 1;\n');
  });
});
