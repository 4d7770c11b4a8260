// What each entry point exports, as the compiler declares it, written to `test/repository/api`: one file per entry point.
// A change of a public signature is then seen where it is reviewed. Run: npm run api; with `--check` it writes nothing,
// prints what differs and fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { declarationsAt, resolve } from './declarations.js';
import { doorsOf, PACKAGES } from './doors.js';

const ROOT = join(import.meta.dirname, '../..');
const REPORTS = join(import.meta.dirname, 'api');

const INLINE_IMPORT = /import\("([^"]+)"\)\.(\w+)/g;

const keyOf = ({ file, name, foreign }) => `${file?.path ?? foreign}#${name}`;

/** What a declaration speaks of: other declarations of this repository. */
function* mentionedIn({ file, name }) {
  const text = file.declarations.get(name).join('\n');
  for (const [, path, inside] of text.matchAll(INLINE_IMPORT))
    if (path.startsWith('.')) yield resolve({ path: join(dirname(file.path), path), name: inside });
  for (const word of new Set(text.match(/[A-Za-z_$][\w$]*/g))) {
    if (file.declarations.has(word)) yield { file, name: word };
    else if (file.imports.has(word)) {
      const found = resolve(file.imports.get(word));
      if (found.file !== undefined) yield found;
    }
  }
}

/** Names of a door with what declares them; those of a namespace as `namespace.name`. */
function surfaceOf(file) {
  return [...file.everyExport()].flatMap(([name, origin]) => {
    const found = resolve(origin);
    if (found.namespace === undefined) return [[name, found]];
    return surfaceOf(declarationsAt(found.namespace)).map(([inside, each]) => [`${name}.${inside}`, each]);
  });
}

/** A class that is exported as a type cannot be constructed or asked `instanceof`: its first word says so. */
function textOf(name, { file, name: declared, foreign, isTypeOnly }) {
  if (foreign !== undefined) return `${name} from '${foreign}'`;
  const text = file.declarations
    .get(declared)
    .join('\n')
    .replace(/^(?:export )?(?:declare )?/gm, '')
    .replace(/^(?=(?:abstract )?class)/, isTypeOnly ? 'type-only ' : '');
  return name === declared ? text : `${name}:\n${text}`;
}

const byName = ([a], [b]) => (a < b ? -1 : Number(a > b));

function reportOf(door, others) {
  const file = declarationsAt(door.file);
  const surface = surfaceOf(file).sort(byName);
  const known = new Set([...surface, ...others].map(([, found]) => keyOf(found)));
  const behind = [];
  const visit = (found) => {
    if (found.file === undefined) return;
    for (const mentioned of mentionedIn(found)) {
      if (known.has(keyOf(mentioned))) continue;
      known.add(keyOf(mentioned));
      behind.push([mentioned.name, { ...mentioned, isTypeOnly: false }]);
      visit(mentioned);
    }
  };
  for (const [, found] of surface) visit(found);
  const blockOf = (entries) =>
    `\n\`\`\`ts\n${entries.map(([name, found]) => textOf(name, found)).join('\n')}\n\`\`\`\n`;
  const parts = [`# ${door.name}\n\nMade by \`npm run api\`. Do not edit.\n`, blockOf(surface)];
  if (file.augmentations.length > 0)
    parts.push('\n## What it adds to others\n', `\n\`\`\`ts\n${file.augmentations.join('\n')}\n\`\`\`\n`);
  if (behind.length > 0) parts.push('\n## Not exported, and mentioned above\n', blockOf(behind.sort(byName)));
  return parts.join('');
}

function reports() {
  return new Map(
    PACKAGES.flatMap((name) => {
      const doors = doorsOf(name);
      const surfaces = new Map(doors.map((door) => [door, surfaceOf(declarationsAt(door.file))]));
      return doors.map((door) => {
        const others = doors.filter((each) => each !== door).flatMap((each) => surfaces.get(each));
        return [`${door.name.replace('@sallyport/', '').replaceAll('/', '-')}.md`, reportOf(door, others)];
      });
    }),
  );
}

/** The lines that only one of two reports has. */
function difference(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join('\n');
}

const current = reports();
mkdirSync(REPORTS, { recursive: true });
const written = new Map(readdirSync(REPORTS).map((file) => [file, readFileSync(join(REPORTS, file), 'utf8')]));
const changed = [...new Set([...current.keys(), ...written.keys()])].filter(
  (file) => current.get(file) !== written.get(file),
);
if (process.argv.includes('--check')) {
  for (const file of changed)
    console.log(
      `${relative(ROOT, join(REPORTS, file))}\n${difference(written.get(file) ?? '', current.get(file) ?? '')}`,
    );
  if (changed.length > 0) console.log('The public surface differs from its report. If that is meant: npm run api');
  process.exitCode = changed.length > 0 ? 1 : 0;
} else {
  for (const file of changed) {
    const path = join(REPORTS, file);
    if (current.has(file)) writeFileSync(path, current.get(file));
    else if (existsSync(path)) rmSync(path);
  }
}
