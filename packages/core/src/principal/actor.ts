import { MisuseError } from '../errors/errors.js';
import { ownMember } from '../options/own-members.js';

/**
 * A party that acts for the subject of a token (RFC 8693 4.1). Only the outermost one acts now, and decides; those within
 * it acted before, and are information.
 */
export interface Actor {
  /** Undefined where the token does not say: then that of the token. */
  readonly issuer?: string | undefined;
  readonly subject: string;
  readonly clientId?: string | undefined;
  /** Who acted before, for whom `subject` then acted. */
  readonly actor?: Actor | undefined;
}

/** Honest tokens name fewer. */
export const MAX_ACTORS = 16;

/**
 * Checks an actor with those that acted before it, copies and freezes them.
 * @throws {TypeError} for a chain that is none, and for more than 16 actors
 */
export function checkedActor(given: Actor, count = 1): Actor {
  const isObject = typeof given === 'object' && given !== null;
  if (!isObject || count > MAX_ACTORS)
    throw new MisuseError(`a principal's actor must be a chain of at most ${MAX_ACTORS} actors`);
  const issuer = ownMember(given, 'issuer');
  const subject = ownMember(given, 'subject');
  const clientId = ownMember(given, 'clientId');
  const actor = ownMember(given, 'actor');
  if (typeof subject !== 'string' || subject === '') throw new MisuseError('an actor needs a subject');
  if (![issuer, clientId].every((text) => text === undefined || typeof text === 'string'))
    throw new MisuseError("an actor's issuer and clientId must be strings");
  return Object.freeze({ issuer, subject, clientId, actor: actor && checkedActor(actor, count + 1) });
}
