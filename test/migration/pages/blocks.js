// The blocks of code of the pages of docs/migration. The first line of a block names its file, as a comment.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FENCE = /^```ts\n\/\/ ([\w./-]+\.ts)\n(.*?)^```$/gms;

/** The code of each file, by its path: `express-jwt/before.ts`. */
export function blocksOfPages(folder) {
  const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return new Map(
    pages.flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return Array.from(text.matchAll(FENCE), ([, file, code]) => [`${name.replace(/\.md$/, '')}/${file}`, code]);
    }),
  );
}
