import type { Output, Surroundings } from '../command/surroundings.js';

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Marks a text for a terminal; elsewhere the text stays as it is. */
export type Paint = (style: keyof typeof CODES, text: string) => string;

/**
 * Colours where the output is a terminal. `FORCE_COLOR` switches them on, and `0` or `false` off, wherever the output goes;
 * otherwise `NO_COLOR` switches them off.
 */
export function paintFor(output: Output, { environment }: Pick<Surroundings, 'environment'>): Paint {
  if (!hasColours(output, environment)) return (_style, text) => text;
  return (style, text) => {
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

function hasColours(output: Output, environment: Surroundings['environment']): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (refused !== undefined && refused !== '') return false;
  return output.isTerminal && terminal !== 'dumb';
}
