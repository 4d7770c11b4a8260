import { ownMember } from '../options/own-members.js';
import type { PrincipalInit } from './principal-init.js';

/** What revocations know a principal by, beside its issuer. */
export interface IssuedNames {
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  readonly issuedAt: number | undefined;
  readonly sid: string | undefined;
  readonly jti: string | undefined;
}

type Named = Pick<PrincipalInit<object>, 'subject' | 'clientId' | 'issuedAt' | 'claims'>;

/** The names in what a principal is made of, or in a principal. */
export function issuedNames({ subject, clientId, issuedAt, claims }: Named): IssuedNames {
  return Object.freeze({
    subject: subject === '' ? undefined : subject,
    clientId: clientId === '' ? undefined : clientId,
    issuedAt,
    sid: identifierIn(claims, 'sid'),
    jti: identifierIn(claims, 'jti'),
  });
}

export function isSameNames(one: IssuedNames, other: IssuedNames): boolean {
  const isSameParty = one.subject === other.subject && one.clientId === other.clientId;
  return isSameParty && one.issuedAt === other.issuedAt && one.sid === other.sid && one.jti === other.jti;
}

/** Numbers are read as their digits, as handlers do. */
function identifierIn(claims: object | undefined, name: 'sid' | 'jti'): string | undefined {
  const sent = claims && ownMember(claims as Readonly<Record<string, unknown>>, name);
  const value = typeof sent === 'number' ? String(sent) : sent;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
