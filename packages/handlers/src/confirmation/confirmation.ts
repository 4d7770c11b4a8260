import { type Confirmation, type Denied, denied } from '@sallyport/core';
import { isAbsent } from '../token/claim-text.js';
import { listed, said, typeOf } from '../token/details.js';

/** The members of `cnf` that are understood: thumbprints of a client certificate and of a DPoP key. */
export const CONFIRMATION_METHODS = ['x5t#S256', 'jkt'] as const;

export type ConfirmationMethod = (typeof CONFIRMATION_METHODS)[number];

/** The SHA-256 of something, in base64url (RFC 8705 3.1, RFC 9449 6.1). */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * What a `cnf` member demands (RFC 7800 3.1): the possession of each key that it names. A refusal where it names none, names
 * one in a way that is not understood, or says something that is no thumbprint: what is not understood cannot be checked.
 */
export function readConfirmation(cnf: unknown): Confirmation | Denied | undefined {
  if (isAbsent(cnf)) return undefined;
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) {
    return denied('confirmation_malformed', { detail: `cnf is ${typeOf(cnf)}, expected an object` });
  }
  const members = Object.entries(cnf).filter(([, value]) => !isAbsent(value));
  const unknown = members.map(([name]) => name).filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const detail = `cnf asks for a proof by ${listed(unknown)}, known are ${listed(CONFIRMATION_METHODS)}`;
    return denied('confirmation_method_unknown', { detail });
  }
  const wrong = members.find(([, value]) => typeof value !== 'string' || !THUMBPRINT.test(value));
  if (wrong !== undefined) {
    return denied('confirmation_malformed', { detail: `${said(`cnf.${wrong[0]}`, wrong[1])}, expected a SHA-256` });
  }
  if (members.length === 0) return denied('confirmation_malformed', { detail: 'cnf names no key' });
  return Object.freeze(Object.fromEntries(members)) as Confirmation;
}

function isKnown(name: string): boolean {
  return CONFIRMATION_METHODS.some((method) => method === name);
}
