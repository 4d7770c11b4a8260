// Adds to the comments of options, in the declarations of the packages, what the tables of options say as data: their
// ranges and defaults. Editors show it, and nobody has to write it twice.
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { factsOf, membersAt } from './option-tables.js';

/** The declarations with the facts of one table. Facts that stand there already are not repeated. */
function withFacts(text, { constant, options }) {
  const opening = new RegExp(`^(?:export )?declare const ${constant}: .*TableOf<\\{`, 'm').exec(text);
  if (opening === null) return text;
  const checks = new Map(options.map(({ name, check }) => [name, check]));
  let described = text;
  for (const { name, comment } of membersAt(text, opening.index + opening[0].length).reverse()) {
    const facts = factsOf(checks.get(name) ?? {});
    if (comment === undefined || facts === '' || comment.prose.endsWith(facts)) continue;
    const end = described.slice(0, comment.end).search(/\s*\*\/$/);
    described = `${described.slice(0, end)} ${facts}${described.slice(end)}`;
  }
  return described;
}

function byFile(tables) {
  const files = new Map();
  for (const table of tables) files.set(table.path, [...(files.get(table.path) ?? []), table]);
  return files;
}

/** @param tables what `optionTables()` has read */
export async function describeOptions(tables) {
  const files = byFile(tables);
  for (const [path, tables] of files) {
    const declarations = path.replace(/([\\/])src([\\/].*)\.ts$/, '$1dist$2.d.ts');
    const text = await readFile(declarations, 'utf8');
    const described = tables.reduce(withFacts, text);
    if (described === text) continue;
    const { atime, mtime } = await stat(declarations);
    await writeFile(declarations, described);
    // The compiler would otherwise take the file for changed and build anew what depends on it.
    await utimes(declarations, atime, mtime);
  }
}
