// Writes the types of the CommonJS build. They refer to the types of the ES modules, so every class is one class for
// the compiler too: an object that a CommonJS file made may be passed to an ES module.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';

const AS_MODULE = `with { 'resolution-mode': 'import' }`;

async function declarationsIn(dist) {
  const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(dist, file), 'utf8')));
  return new Map(files.map((file, index) => [file.replaceAll('\\', '/'), texts[index]]));
}

/**
 * The text between the angle brackets of a generic class or type, such as `Event extends object, Other`. Empty when
 * there are none.
 */
function parametersOf(declared) {
  let depth = 0;
  for (let index = 0; index < declared.length; index += 1) {
    if (declared[index] === '<') depth += 1;
    if (declared[index] === '>') depth -= 1;
    if (depth === 0) return declared.slice(1, index);
  }
  return '';
}

/** The type that has the same name as a value: a class is a type as well. Undefined when there is none. */
function typeOf(name, declarations) {
  const declaration = new RegExp(`^export (?:declare (?:abstract )?class|interface|type|declare enum) ${name}\\b`, 'm');
  for (const text of declarations.values()) {
    const found = declaration.exec(text);
    if (found === null) continue;
    const parameters = parametersOf(text.slice(found.index + found[0].length));
    const names = parameters.split(',').map((parameter) => /^\s*(\w+)/.exec(parameter)?.[1]);
    const given = parameters === '' ? '' : `<${names.join(', ')}>`;
    return `export type ${name}${parameters && `<${parameters}>`} = modules.${name}${given};`;
  }
  return undefined;
}

/** The other package that a name is exported from. Undefined for a name of this package. */
function originOf(name, declarations) {
  for (const text of declarations.values())
    for (const [, names, origin] of text.matchAll(/^export \{([^}]*)\} from '([^.][^']*)';/gm))
      if (names.split(',').some((each) => each.trim() === name)) return origin;
  return undefined;
}

/** The values that a declaration file exports, by themselves or in a list. */
function valuesIn(text) {
  const declared = text.matchAll(/^export declare (?:const|function|(?:abstract )?class) (\w+)/gm);
  const listed = Array.from(text.matchAll(/^export \{([^}]*)\}/gm), ([, names]) => names.split(','))
    .flat()
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
  return new Set([...Array.from(declared, ([, name]) => name), ...listed.map((name) => name.split(' as ').at(-1))]);
}

/** @param file the entry point or namespace, below `dist` and without its ending */
async function writeTypes(file, names, dist, declarations) {
  const module = `'./${basename(file)}.js' ${AS_MODULE}`;
  const text = declarations.get(`${file}.d.ts`);
  const lines = [`import type * as modules from ${module};`, `export type * from ${module};`];
  for (const name of names) {
    const [, namespace] = new RegExp(`^export \\* as ${name} from '(.+)\\.js';`, 'm').exec(text) ?? [];
    const origin = originOf(name, declarations);
    if (namespace !== undefined) {
      const inside = posix.join(dirname(file), namespace);
      lines.push(`export * as ${name} from '${namespace}.cjs';`);
      await writeTypes(inside, valuesIn(declarations.get(`${inside}.d.ts`)), dist, declarations);
    } else if (origin !== undefined) lines.push(`export { ${name} } from '${origin}';`);
    else {
      lines.push(`export declare const ${name}: typeof modules.${name};`);
      lines.push(...[typeOf(name, declarations)].filter((line) => line !== undefined));
    }
  }
  await writeFile(join(dist, `${file}.d.cts`), `${lines.join('\n')}\n`);
}

/** @param metafile the report of the bundler on the ES modules */
export async function writeCommonJsTypes(folder, metafile) {
  const dist = join(folder, 'dist');
  const declarations = await declarationsIn(dist);
  for (const [path, { entryPoint, exports }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined || path.endsWith('.map') || !entryPoint.startsWith('src/')) continue;
    await writeTypes(path.replace(/^dist\//, '').replace(/\.js$/, ''), exports, dist, declarations);
  }
}
