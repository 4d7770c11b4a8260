// Reads declaration files as `tsc` writes them: which names a file exports, and what declares each of them.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

const COMMENT = /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?\*\/|\/\/.*$/gm;
const START = /^(?=(?:export|declare|import|interface|type|class|abstract|enum|const|function)\b)/m;
const DECLARATION = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|enum) (\w+)/;
const LIST = /^(?:import|export) (?:type )?\{([^}]*)\}(?: from '([^']+)')?/;
const STAR = /^export (?:type )?\*(?: as (\w+))? from '([^']+)'/;

const FILES = new Map();

/** The declarations in a file, or in the one beside a built `.js` file. Each is read once. */
export function declarationsAt(path) {
  const file = path.replace(/\.js$/, '.d.ts');
  if (!FILES.has(file)) FILES.set(file, new DeclarationFile(file));
  return FILES.get(file);
}

/** A declaration file: its statements without comments, by what they are for. */
class DeclarationFile {
  declarations = new Map();
  /** Local name to where it comes from. */
  imports = new Map();
  exports = new Map();
  augmentations = [];
  #stars = [];

  constructor(path) {
    this.path = path;
    const text = readFileSync(path, 'utf8').replace(COMMENT, '$1');
    for (const statement of text.split(START)) this.#read(tidy(statement));
  }

  /** Exported name to the place that declares it, through whatever hands it on. */
  everyExport() {
    const handedOn = this.#stars.flatMap((path) => [...declarationsAt(path).everyExport()]);
    return new Map([...handedOn, ...this.exports]);
  }

  #read(statement) {
    const [, name] = DECLARATION.exec(statement) ?? [];
    const [, list, from] = LIST.exec(statement) ?? [];
    const [, namespace, whole] = STAR.exec(statement) ?? [];
    if (name !== undefined) {
      this.declarations.set(name, [...(this.declarations.get(name) ?? []), statement]);
      if (statement.startsWith('export ')) this.exports.set(name, { file: this, name });
    } else if (list !== undefined) this.#readList(statement, list, from);
    else if (whole !== undefined && namespace === undefined) this.#stars.push(this.#pathOf(whole));
    else if (whole !== undefined) this.exports.set(namespace, { namespace: this.#pathOf(whole) });
    else if (statement.startsWith('declare module')) this.augmentations.push(statement);
  }

  #readList(statement, list, from) {
    const isImport = statement.startsWith('import');
    const areTypes = /^\w+ type /.test(statement);
    for (const entry of list.split(',')) {
      const [name, alias = name] = entry
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      if (name === '') continue;
      const place = from === undefined ? { file: this } : { path: this.#pathOf(from) };
      const origin = { ...place, name, isTypeOnly: areTypes || entry.trim().startsWith('type ') };
      (isImport ? this.imports : this.exports).set(alias, origin);
    }
  }

  #pathOf(specifier) {
    return specifier.startsWith('.') ? join(dirname(this.path), specifier) : specifier;
  }
}

function tidy(statement) {
  return statement
    .replace(/\n\s*\n/g, '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

/** The declaration that a name leads to, or the foreign package that has it. */
export function resolve({ file, path, name, namespace, isTypeOnly = false }) {
  if (namespace !== undefined) return { namespace };
  if (file === undefined && !isAbsolute(path)) return { foreign: path, name, isTypeOnly };
  const declaring = file ?? declarationsAt(path);
  if (declaring.declarations.has(name)) return { file: declaring, name, isTypeOnly };
  const next = file === undefined ? declaring.everyExport().get(name) : declaring.imports.get(name);
  if (next === undefined) throw new Error(`${name} is declared nowhere: ${declaring.path}`);
  return resolve({ ...next, isTypeOnly: isTypeOnly || next.isTypeOnly });
}
