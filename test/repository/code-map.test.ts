import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT, sourcesOf, targetOf } from './source-tree.js';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];
const MAP = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

/** The rooms of a package as the code map names them, from the ground up; rooms of one row stand side by side. */
const ROWS = MAP.split('\n').filter((line) => /^\| `(?:core|openapi|configuration|handlers|adapters|cli)\//.test(line));
const FLOORS = new Map(
  ROWS.flatMap((row, floor) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(.+?)`/g)].map(([, room = '']) => [room, floor]),
  ),
);

/** The innermost room of the map that a source stands in; undefined for a door of the package. */
function roomOf(path: string): string | undefined {
  const place = path.replace('packages/', '').replace('/src/', '/');
  return [...FLOORS.keys()].filter((room) => place.startsWith(`${room}/`)).sort((a, b) => b.length - a.length)[0];
}

describe('the code map in CONTRIBUTING.md', () => {
  test.each(PACKAGES)('names every room of %s, and no other', (name) => {
    const rooms = readdirSync(join(ROOT, 'packages', name, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${name}/${entry.name}`);
    const named = [...FLOORS.keys()].filter((room) => room.startsWith(`${name}/`) && room.split('/').length === 2);
    expect(named.sort()).toEqual(rooms.sort());
  });

  test('lists the rooms of a package in the order of their imports: none imports a room that stands below it', () => {
    const wrong = PACKAGES.flatMap((name) => sourcesOf(`packages/${name}/src`)).flatMap((file) => {
      const room = roomOf(file.path);
      if (room === undefined) return [];
      const targets = file.imports.flatMap(({ specifier }) => targetOf(file, specifier) ?? []).map(roomOf);
      return targets
        .filter((target) => target !== undefined && (FLOORS.get(target) ?? 0) > (FLOORS.get(room) ?? 0))
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('says of each room what its word is', () => {
    for (const row of ROWS) expect(row).toMatch(/\| [^|]{5,} \|$/);
    expect(ROWS.length).toBeGreaterThan(30);
  });
});
