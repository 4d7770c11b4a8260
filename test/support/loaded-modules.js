// Prints the files that an import loads, one a line: ES modules as they are resolved, and what they require.
// Run: node test/support/loaded-modules.js @sallyport/core
import Module, { register } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Runs in the thread of the loader, which has no other way to tell than to write. */
const HOOKS = `
import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  if (url.startsWith('file:')) writeSync(1, url + '\\n');
  return next(url, context);
}`;

register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
await import(process.argv[2]);
for (const file of Object.keys(Module._cache)) console.log(pathToFileURL(file).href);
