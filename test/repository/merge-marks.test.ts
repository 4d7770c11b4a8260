import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from './source-tree.js';

const FOLDERS = ['docs', 'packages', 'examples', 'bench', 'test'];
const MARK = /^(?:<{7}|>{7}|\|{7}) /m;

function textsBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:md|[mc]?[jt]s|json|ya?ml)$/.test(name) && !/(?:^|\/)(?:node_modules|dist)\//.test(name))
    .map((name) => join(folder, name));
}

test('no file has both sides of a merge in it', () => {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const files = [...atRoot, ...FOLDERS.flatMap(textsBelow)];
  expect(files.length).toBeGreaterThan(500);
  expect(files.filter((file) => MARK.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
});
