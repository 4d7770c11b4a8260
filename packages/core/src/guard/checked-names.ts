import { ConfigurationError } from '../errors.js';

/** The names that a guard requires, checked and copied. */
export function checkedNames(owner: string, names: readonly string[]): readonly string[] {
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', `${owner} takes at least one non-empty name`);
  }
  return Object.freeze([...names]);
}
