import { type DescribedError, describeError } from '../errors/described-error.js';
import { MisuseError, SallyportError } from '../errors/errors.js';
import type { TraceFault } from '../request/trace.js';
import { oneLine } from '../secrecy/quoted.js';
import { Secret } from '../secrecy/secret.js';
import { textsWithoutCredentials } from '../secrecy/without-credentials.js';
import type { SecurityHandler } from './handler.js';
import type { Bug } from './refusal.js';

const MAX_SENTENCE = 2_000;
const TELLING = 8;
const FINDABLE = 4;
const MAX_MESSAGE = 500;
const CUT = '(cut out)';
const NO_FRAMES: readonly string[] = Object.freeze([]);

/** A bug as the operator may hear of it. `sent` finds everything that the request sent as a credential. */
export function toldFault(
  { culprit, error, credential }: Bug,
  handlers: readonly SecurityHandler[],
  sent: () => readonly string[],
): TraceFault {
  const described = describeError(error);
  try {
    if (error instanceof MisuseError) {
      return Object.freeze({ culprit, ...described, message: oneLine(error.message, MAX_SENTENCE) });
    }
    const secrets = [...sent(), ...textsOf(credential), ...handlers.flatMap(secretsOf)];
    return Object.freeze({ culprit, ...withoutSecrets(described, messageOf(error), secrets) });
  } catch {
    // The thrown object, or the handler, throws again when it is read.
    return Object.freeze({ culprit, name: 'unreadable', code: undefined, frames: NO_FRAMES, message: '' });
  }
}

/**
 * Names and frames may hold a secret as well. One that is too short to be found is none of a name, nor of a sentence of this
 * library, which applications throw, too.
 */
function withoutSecrets(
  { name, code = '', frames }: DescribedError,
  { text, isOurs }: { readonly text: string; readonly isOurs: boolean },
  secrets: readonly string[],
): Omit<TraceFault, 'culprit'> {
  const [shownName = '', shownCode, shownText = '', ...shown] = textsWithoutCredentials(
    [name, code, text, ...frames],
    secrets.filter(isFindable),
  );
  const message = isOurs ? shownText : oneLine(hasTiny(text, secrets) ? CUT : shownText, MAX_MESSAGE);
  const told = code !== '' && shownCode === code ? code : undefined;
  return { name: shownName, code: told, frames: Object.freeze(shown), message };
}

function hasTiny(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== '' && !isFindable(secret) && text.includes(secret));
}

function messageOf(error: unknown): { readonly text: string; readonly isOurs: boolean } {
  return { text: error instanceof Error ? String(error.message) : '', isOurs: error instanceof SallyportError };
}

function isFindable({ length }: string): boolean {
  return length >= FINDABLE;
}

/** The texts of an extracted credential: it may be a text, hold secrets, or be a plain object of texts. */
function textsOf(credential: unknown): readonly string[] {
  if (typeof credential === 'string') return [credential];
  if (credential instanceof Uint8Array) return [Buffer.from(credential).toString()];
  if (credential instanceof Secret) return [credential.reveal()];
  if (typeof credential !== 'object' || credential === null) return [];
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(credential));
  const texts = Object.values(credential).filter(
    (value): value is string => isPlain && typeof value === 'string' && value.length >= TELLING,
  );
  return [...texts, ...secretsOf(credential)];
}

/** Every `Secret` in a property, also in a list. */
function secretsOf(owner: object): readonly string[] {
  return Object.values(owner)
    .flat()
    .flatMap((value) => (value instanceof Secret ? [value.reveal()] : []));
}
