// Writes what a run has measured: one file of data, and the plots that are made from it.
// Draws the plots anew from the data of the last full run: node bench/plots/results.js
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { plotsOf } from './plots.js';

const FOLDER = join(import.meta.dirname, '../results');
const DATA = 'results.json';

/** Those of the last run of everything. */
export function lastResults() {
  return JSON.parse(readFileSync(join(FOLDER, DATA), 'utf8'));
}

/** Only a run of everything replaces what stands in bench/results; all others write beside it. Returns what was written. */
export function writeResults(results, isWhole) {
  const folder = isWhole ? FOLDER : join(FOLDER, 'draft');
  mkdirSync(folder, { recursive: true });
  const files = new Map([[DATA, `${JSON.stringify(results, undefined, 1)}\n`], ...plotsOf(results)]);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  return [...files.keys()].map((name) => relative(process.cwd(), join(folder, name)));
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of plotsOf(lastResults())) writeFileSync(join(FOLDER, name), text);
}
