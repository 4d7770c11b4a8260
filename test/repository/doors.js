// The doors of the packages: which entry points there are, and the declarations behind each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];

/** The doors of a package: the name to import and the declarations behind it. */
export function doorsOf(name) {
  const folder = join(ROOT, 'packages', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([path, entry]) => {
    const [types] = /\.\/dist\/[^"]+\.d\.ts/.exec(JSON.stringify(entry)) ?? [];
    return types === undefined ? [] : [{ name: `@sallyport/${name}${path.slice(1)}`, file: join(folder, types) }];
  });
}
