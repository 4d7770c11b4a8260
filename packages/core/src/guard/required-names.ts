import { ConfigurationError } from '../errors/errors.js';

/** Whether all listed names are needed, or one is enough. */
export type Match = 'all' | 'any';

export const MATCHES = ['all', 'any'] as const satisfies readonly Match[];

/** The names that a guard requires, checked and copied. */
export function checkedNames(owner: string, names: readonly string[]): readonly string[] {
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new ConfigurationError(
      'ERR_SALLYPORT_OPTION_INVALID',
      `${owner} takes a non-empty name or a list of such names`,
    );
  }
  return Object.freeze([...names]);
}
