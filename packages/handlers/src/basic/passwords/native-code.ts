import { ConfigurationError } from '@sallyport/core';

/** What a library of hashes offers. */
interface Hashing {
  readonly hash: unknown;
}

/**
 * Loads a library that is compiled for each platform.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where there is none for this one
 */
export async function nativeCode<Library extends Hashing>(
  algorithm: string,
  load: () => Promise<Library>,
): Promise<Library> {
  const library = await load().catch((cause) => {
    throw missingCode(algorithm, { cause });
  });
  // What stands for it in Workers is empty.
  if (typeof library.hash !== 'function') throw missingCode(algorithm);
  return library;
}

/** The error that says what to choose instead. */
export function missingCode(algorithm: string, options?: ErrorOptions): ConfigurationError {
  const message = `hashing by ${algorithm} needs native code, which is missing here: choose scrypt, or install its package for this platform`;
  return new ConfigurationError('ERR_SALLYPORT_OPTION_INVALID', message, { ...options, option: 'hashing' });
}
