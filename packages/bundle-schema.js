// Writes the JSON Schema of configuration files that use the kinds of Sallyport, with the comments of options as
// descriptions. Editors read it. Kinds of an application are not in it: it may name others.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Adds the comments of options to the properties of each schema that has the name of a table as its title. */
function described(part, commentsOf) {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map((each) => described(each, commentsOf));
  const whole = Object.fromEntries(Object.entries(part).map(([name, each]) => [name, described(each, commentsOf)]));
  const comments = typeof part.title === 'string' ? commentsOf.get(part.title) : undefined;
  if (comments === undefined || whole.properties === undefined) return whole;
  const properties = Object.entries(whole.properties).map(([name, schema]) => {
    const comment = comments.get(name);
    return [name, comment ? { description: comment, ...schema } : schema];
  });
  return { ...whole, properties: Object.fromEntries(properties) };
}

/** Writes the JSON Schema of `x-sallyport` in OpenAPI definitions. @param tables what `optionTables()` has read */
export async function writeExtensionSchema(tables) {
  const { schema, options } = tables.find(({ owner }) => owner === 'ContractExtension');
  const commentsOf = new Map([[schema.title, new Map(options.map(({ name, comment }) => [name, comment]))]]);
  await write('openapi', 'x-sallyport.json', {
    ...described(schema, commentsOf),
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What x-sallyport says in an OpenAPI definition',
  });
}

async function write(name, file, schema) {
  const folder = join(import.meta.dirname, name, 'dist/schemas');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), `${JSON.stringify(schema, undefined, 2)}\n`);
}

/** @param tables what `optionTables()` has read */
export async function writeConfigurationSchema(tables) {
  const { configurationSchema } = await import('./configuration/dist/index.js');
  const { builtInHandlers } = await import('./handlers/dist/kinds/index.js');
  const commentsOf = new Map(
    tables.map(({ owner, options }) => [owner, new Map(options.map(({ name, comment }) => [name, comment]))]),
  );
  const schema = described(configurationSchema(builtInHandlers, { allowOtherKinds: true }), commentsOf);
  await write('configuration', 'configuration.json', { title: 'A security configuration of Sallyport', ...schema });
}
