import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT: string = resolve(__dirname, '../..');

/** One import of a source file, as written. */
export interface Import {
  readonly specifier: string;
  /** Gone after compilation: `import type` and `export type`. */
  readonly isTypeOnly: boolean;
}

/** A TypeScript source of one workspace package. */
export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/g;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"])\/\/.*$/gm, '$1');
  const fixed = [...code.matchAll(IMPORT)].map((match) => ({
    specifier: match[2] as string,
    isTypeOnly: match[1] !== undefined,
  }));
  const dynamic = [...code.matchAll(DYNAMIC_IMPORT)].map((match) => ({
    specifier: match[1] as string,
    isTypeOnly: false,
  }));
  return [...fixed, ...dynamic];
}

/** Every `.ts` file below a folder of the repository. */
export function sourcesOf(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !/(^|[\\/])dist[\\/]/.test(name))
    .map((name) => {
      const path = relative(ROOT, join(ROOT, folder, name)).replaceAll('\\', '/');
      const text = readFileSync(join(ROOT, path), 'utf8');
      return {
        path,
        text,
        imports: importsOf(text).map((each) => ({ ...each, specifier: meant(path, each.specifier) })),
      };
    });
}

/** What the `imports` of a package mean by a specifier with `#` where nothing stands for it. */
function meant(path: string, specifier: string): string {
  if (!specifier.startsWith('#')) return specifier;
  const [, folder = ''] = /^(packages\/\w+)\//.exec(path) ?? [];
  const { imports } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  return imports[specifier].default;
}

/** The package that a bare specifier names; undefined for relative paths and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(specifier))
    return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The repository path of the source that a relative import means. */
export function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(file.path), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
}

/** Chains of files that import each other, for values or types, each from its first file back to it. */
export function cyclesOf(files: readonly SourceFile[]): readonly string[] {
  return cyclesIn(
    new Map(files.map((file) => [file.path, file.imports.flatMap(({ specifier }) => targetOf(file, specifier) ?? [])])),
  );
}

/** The folders of a package with the files that stand in them; the root of the package is no room. */
export function roomsOf(files: readonly SourceFile[]): ReadonlyMap<string, readonly SourceFile[]> {
  const rooms = new Map<string, SourceFile[]>();
  for (const file of files) {
    const room = roomOf(file.path);
    if (room !== '') rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  return rooms;
}

/** Chains of rooms that import each other. A door (`index.ts`) belongs to no room: it opens what stands behind it. */
export function roomCyclesOf(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map<string, string[]>();
  for (const file of files.filter(({ path }) => !path.endsWith('/index.ts'))) {
    const room = roomOf(file.path);
    const targets = file.imports.flatMap(({ specifier }) => targetOf(file, specifier) ?? []).map(roomOf);
    edges.set(room, [...(edges.get(room) ?? []), ...targets.filter((target) => target !== room)]);
  }
  return cyclesIn(edges);
}

function roomOf(path: string): string {
  return dirname(path).replace(/^packages\/\w+\/src\/?/, '');
}

function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) cycles.push([...trail.slice(trail.indexOf(name)), name].join(' -> '));
    if (done.has(name) || trail.includes(name)) return;
    for (const next of edges.get(name) ?? []) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const name of edges.keys()) visit(name, []);
  return cycles;
}
