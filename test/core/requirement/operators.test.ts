import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { OPERATORS } from '@sallyport/core/extend';

const DOOR = readFileSync(join(__dirname, '../../../packages/core/src/index.ts'), 'utf8');

test('a configuration can use every operator that code can import, by the same name', () => {
  const exported = [...DOOR.matchAll(/^export \{ (\w+) \} from '\.\/requirement\//gm)].map(([, name]) => name);
  expect(OPERATORS.map(({ word }) => word).toSorted()).toEqual(exported.toSorted());
});
