import { debuglog } from 'node:util';

/** Takes one line about each decision. */
export type LineWriter = (line: string) => void;

/** Writes lines to stderr where `NODE_DEBUG` names `sallyport`, as `util.debuglog` reads it; otherwise undefined. */
export function debugLines(): LineWriter | undefined {
  // Workers write all debug lines, whatever is named.
  if (!process.env['NODE_DEBUG']) return undefined;
  const log = debuglog('sallyport');
  return log.enabled ? (line) => log('%s', line) : undefined;
}
