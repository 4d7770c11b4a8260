import { ConfigurationError } from '@sallyport/core';
import type { Pointer } from './pointer.js';

/** One fault of a definition. */
export interface ContractFault {
  /** A JSON pointer (RFC 6901) to the part that is wrong; empty for the whole definition. */
  readonly pointer: Pointer;
  readonly problem: string;
  /** From 1. Undefined when the definition was given as data. */
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;
}

/** A message tells so many faults; `faults` has all of them. */
const MOST_TOLD = 20;
const MOST_OF_POINTER = 300;
const MOST_OF_PROBLEM = 500;

/**
 * A definition cannot be enforced. `faults` lists everything that was found, in the order of the definition.
 * @example
 * try {
 *   await openApi(await readFile('orders.yaml', 'utf8'), { schemes: { oauth: jwt } });
 * } catch (error) {
 *   if (error instanceof ContractError) for (const { line, problem } of error.faults) log.error(line, problem);
 * }
 */
export class ContractError extends ConfigurationError {
  readonly faults: readonly ContractFault[];

  /** `faults` has at least one. */
  constructor(faults: readonly ContractFault[], options?: ErrorOptions) {
    super('ERR_SALLYPORT_CONTRACT_INVALID', told(faults, 'the definition has', 'faults'), options);
    this.faults = Object.freeze([...faults]);
  }
}

/** Faults in words: one as a sentence, several as lines below a title, such as "the definition has 2 faults". */
export function told(faults: readonly ContractFault[], title: string, plural: string): string {
  const lines = faults.slice(0, MOST_TOLD).map(line);
  if (faults.length === 1) return lines.join('');
  const more = faults.length - lines.length;
  return [`${title} ${faults.length} ${plural}`, ...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n  ');
}

function line({ pointer, problem, line, column }: ContractFault): string {
  const place = line === undefined ? '' : `line ${line}, column ${column}`;
  const where = pointer === '' ? place : `#${cut(pointer, MOST_OF_POINTER)}${place && ` (${place})`}`;
  return `${where && `${where}: `}${cut(problem, MOST_OF_PROBLEM)}`;
}

/** One printable line, so that no key of a definition can forge lines of a log (CWE-117). */
function cut(text: string, length: number): string {
  const short = text.length > length ? `${text.slice(0, length)}…` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
