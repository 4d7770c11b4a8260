import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An error in one line, with the first place of its stack that belongs to the application: relative to `directory`. */
export function problemOf(error: unknown, directory: string): string {
  if (!(error instanceof Error)) return 'it threw something that is no error';
  const { name, message, stack = '' } = error;
  const hint = (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION' ? NEEDS_LOADER : '';
  const places = Array.from(stack.matchAll(PLACE), ([, url, path]) => (url === undefined ? path : fileURLToPath(url)));
  const place = places.find((each) => each !== undefined && !each.includes('node_modules'));
  const where = place === undefined ? '' : ` (${relative(directory, place)})`;
  return `${name}: ${message.split('\n', 1)[0]}${hint}${where}`;
}

const NEEDS_LOADER = '; a module that is no JavaScript needs a loader, such as --import tsx';
/** At the start of a stack for what could not be parsed, otherwise behind `at` or in brackets. */
const PLACE = /(?:^| |\()(?:(file:\/\/\/[^\s()]+?:\d+)|((?:\/|[A-Za-z]:\\)[^\s()]+?:\d+))/gm;
