// Reads the tables of options out of the sources: their data by running the code that declares them, their comments by
// reading its text. The declarations, the JSON Schema of configuration files and docs/options.md are made from them.
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const PACKAGES = ['core', 'openapi', 'configuration', 'handlers', 'adapters', 'cli'];
/** A declaration in the code, not in the example of a comment. What is no options, but data of a store, has a lower-case owner. */
const DECLARATION = /^(?! \*)(?:.*\bconst (\w+).*)?\btable\(\s*'([A-Z][^']*)', \{/gm;

/** The text of a comment in one line, without its stars. */
function proseOf(comment) {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .join(' ')
    .trim();
}

/** Index of the end of a string or comment that begins here; undefined when none does. */
function endOfQuoted(text, index) {
  const opening = text[index];
  if (text.startsWith('/*', index)) return text.indexOf('*/', index) + 2;
  if (text.startsWith('//', index)) return text.indexOf('\n', index);
  if (opening !== "'" && opening !== '"' && opening !== '`') return undefined;
  for (let at = index + 1; ; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === opening) return at + 1;
  }
}

/**
 * The members of an object whose brace opens before `start`, each with its comment and with where that ends. Reads
 * object literals and types.
 */
export function membersAt(text, start) {
  const members = [];
  let comment;
  let isNext = true;
  for (let index = start, depth = 1; depth > 0 && index < text.length; index += 1) {
    const end = endOfQuoted(text, index);
    if (end !== undefined) {
      if (isNext && text.startsWith('/**', index)) comment = { prose: proseOf(text.slice(index + 3, end - 2)), end };
      index = end - 1;
      continue;
    }
    const [whole, name] = isNext ? (/^(?:readonly )?(\w+)\??(?=[:,])/.exec(text.slice(index, index + 100)) ?? []) : [];
    if (name !== undefined) {
      members.push({ name, comment });
      comment = undefined;
      isNext = false;
      index += whole.length - 1;
      continue;
    }
    if ('([{'.includes(text[index])) depth += 1;
    if (')]}'.includes(text[index])) depth -= 1;
    if (depth === 1 && (text[index] === ',' || text[index] === ';')) isNext = true;
  }
  return members;
}

async function sourcesOfPackages() {
  const folders = PACKAGES.map((name) => join(import.meta.dirname, name, 'src'));
  const files = await Promise.all(
    folders.map(async (folder) => (await readdir(folder, { recursive: true })).map((file) => join(folder, file))),
  );
  return files.flat().filter((file) => file.endsWith('.ts'));
}

async function sourcesWithTables(files) {
  const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
  return files.flatMap((path, index) => {
    const text = texts[index];
    const comments = [...text.matchAll(DECLARATION)].map((match) => ({
      constant: match[1],
      owner: match[2],
      members: membersAt(text, match.index + match[0].length),
    }));
    if (comments.length === 0) return [];
    const [name = ''] = relative(import.meta.dirname, path).split(sep);
    return { package: name, path, text, comments };
  });
}

/** A table that was merged with another has the options of both. */
const size = (table) => Object.keys(table?.members ?? {}).length;

const isTable = (value) => typeof value === 'function' && 'owner' in value && 'members' in value;

/** Runs the sources and returns the tables that they export, by owner. */
async function exportedTables(paths) {
  const root = join(import.meta.dirname, '..');
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-options-'));
  try {
    // What the sources import is found where the repository has it.
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: paths,
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      plugins: [sourceDoors(await doorsOf(root))],
      logLevel: 'error',
      metafile: true,
    });
    const tables = new Map();
    for (const [built, { entryPoint }] of Object.entries(metafile.outputs)) {
      if (entryPoint === undefined) continue;
      for (const value of Object.values(await import(pathToFileURL(resolve(root, built)).href)))
        if (isTable(value) && size(value) > size(tables.get(value.owner))) tables.set(value.owner, value);
    }
    return tables;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Takes the packages from their sources, so that every class exists once. */
function sourceDoors(doors) {
  return {
    name: 'source-doors',
    setup({ onResolve }) {
      onResolve({ filter: /^@sallyport\// }, ({ path }) => ({ path: doors.get(path) }));
    },
  };
}

/** The source file of every door. */
async function doorsOf(root) {
  const doors = new Map();
  for (const name of PACKAGES) {
    const { exports } = JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8'));
    for (const [path, door] of Object.entries(exports)) {
      const source = door.import?.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      if (source !== undefined) doors.set(`@sallyport/${name}${path.slice(1)}`, join(root, 'packages', name, source));
    }
  }
  return doors;
}

/** The comment of a member that a table takes from another object of its file, or that only its interface describes. */
function commentIn(text, option) {
  const before = text.search(new RegExp(`\\*/\\s+(?:readonly )?${option}\\??:`));
  if (before === -1) return '';
  const start = text.lastIndexOf('/**', before);
  return proseOf(text.slice(start + 3, before));
}

/**
 * Every table of the sources: its owner, its package, its schema and its options, each with name, comment and check.
 * @param files the source files; by default those of all packages
 * @throws when a table is not exported from its file: nothing could be said of its options
 */
export async function optionTables(files) {
  const sources = await sourcesWithTables(files ?? (await sourcesOfPackages()));
  const tables = await exportedTables(sources.map(({ path }) => path));
  const commentsOf = new Map(
    sources.flatMap(({ comments }) =>
      comments.map(({ owner, members }) => [
        owner,
        new Map(members.map(({ name, comment }) => [name, comment?.prose])),
      ]),
    ),
  );
  const commentOf = ({ owner, base }, option, text) =>
    commentsOf.get(owner)?.get(option) ??
    (base === undefined ? undefined : commentOf(base, option, text)) ??
    commentIn(text, option);
  const all = [...tables.values()];
  /** What another table says about the same option. */
  const borrowed = (option, check) =>
    all
      .filter(({ members }) => members[option] === check)
      .map((other) => commentOf(other, option, ''))
      .find(Boolean);
  return sources.flatMap(({ package: name, path, text, comments }) =>
    comments.map(({ constant, owner }) => {
      const table = tables.get(owner);
      if (table === undefined) throw new Error(`${path} does not export the table of ${owner}`);
      const options = Object.entries(table.members).map(([option, check]) => ({
        name: option,
        comment: commentOf(table, option, text) || (borrowed(option, check) ?? ''),
        check,
      }));
      return { owner, constant, package: name, path, schema: table.schema, options };
    }),
  );
}

const NUMBER = new Intl.NumberFormat('en', { useGrouping: true });

/** A value of an option, as documents show it. */
export function shown(value) {
  if (typeof value === 'number') return NUMBER.format(value).replaceAll(',', ' ');
  return typeof value === 'string' ? `\`${value}\`` : JSON.stringify(value);
}

/** What the check of an option says in words: its range and its default. Empty when there is nothing to say. */
export function factsOf({ schema }) {
  if (schema === undefined) return '';
  const { minimum, maximum, default: fallback } = schema;
  const range = minimum === undefined ? [] : [`${shown(minimum)} to ${shown(maximum)}`];
  const isSaid = fallback !== undefined && (typeof fallback !== 'object' || Object.keys(fallback).length > 0);
  const facts = [...range, ...(isSaid ? [`default ${shown(fallback)}`] : [])].join(', ');
  return facts === '' ? '' : `${facts[0].toUpperCase()}${facts.slice(1)}.`;
}
