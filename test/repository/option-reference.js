// Writes docs/options.md, the reference of every option, from the tables of options. Run: npm run reference; with
// `--check` it writes nothing and fails if the page is not current; `--print FILE` shows what it says of one source.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionTables, shown } from '../../packages/option-tables.js';

const PAGE = join(import.meta.dirname, '../../docs/options.md');

const linkTo = (owner) => `[${owner}](#${owner.toLowerCase()})`;

/** What may be given, in words. */
function typeOf(schema) {
  if (schema === undefined) return 'code only';
  const { title, type, enum: values, anyOf, items, minimum, maximum, additionalProperties } = schema;
  if (title !== undefined) return linkTo(title);
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (values !== undefined) return values.map(shown).join(', ');
  if (type === 'array') return `list of ${items === undefined ? 'anything' : typeOf(items)}`;
  if (type === 'object')
    return typeof additionalProperties === 'object' ? `names to ${typeOf(additionalProperties)}` : 'object';
  if (type === 'boolean') return 'true or false';
  if (minimum !== undefined) return `${type} from ${shown(minimum)} to ${shown(maximum)}`;
  return type === 'string' ? 'text' : String(type);
}

function defaultOf({ schema, isOptional }) {
  const fallback = schema?.default;
  if (fallback !== undefined) return shown(fallback);
  return isOptional ? '' : schema === undefined ? '' : '**required**';
}

/** Options that mean the same everywhere and have no comment of their own. */
const COMMENTS = {
  clock: 'Where time comes from. Tests replace it.',
  clientSecret: 'The secret of the client.',
  verify: 'Verifies the value that was sent; gives a verdict or a principal.',
  bus: 'Carries revocations to the other instances.',
  guards: 'Checks after authentication, on this route.',
  method: 'How the client proves who it is.',
  algorithm: 'Which form these options are.',
};

const cell = (text) => text.replaceAll('|', '\\|');

function tableOf({ owner, options }) {
  const rows = options.map(
    ({ name, comment, check }) =>
      `| \`${name}\` | ${cell(typeOf(check.schema))} | ${defaultOf(check)} | ${cell(comment || (COMMENTS[name] ?? ''))} |`,
  );
  return `### ${owner}\n\n| option | type | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function pageOf(tables) {
  const packages = [...new Set(tables.map((table) => table.package))];
  const parts = packages.map((name) => {
    const own = tables.filter((table) => table.package === name).sort((a, b) => (a.owner < b.owner ? -1 : 1));
    return `## @sallyport/${name}\n\n${own.map(tableOf).join('\n')}`;
  });
  return `# Options

Made by \`npm run reference\` from the tables of options. Do not edit.

Every option of the packages, by the type that holds it. "Code only" is what a configuration file cannot give, such as a
function. Where no default stands, absence has the meaning that the last column says. Options are checked when the object
is constructed; an explicit \`undefined\` means absent, and an unknown name is an error.

${parts.join('\n')}`;
}

const [mode, file] = process.argv.slice(2);
/** The tables of the test kit are no options of an application. */
const tables = (await optionTables(file && [file])).filter(({ path }) => !/[\\/]testing[\\/]/.test(path));
const page = pageOf(tables);
if (mode === undefined) writeFileSync(PAGE, page);
else if (mode === '--print') console.log(page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  console.log('docs/options.md differs from the tables of options. Run: npm run reference');
  process.exitCode = 1;
}
