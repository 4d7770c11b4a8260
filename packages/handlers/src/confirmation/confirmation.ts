import { hash } from 'node:crypto';
import type { Confirmation } from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';
import { listed, typeOf } from '../token/details.js';

const CERTIFICATE = 'x5t#S256';

/**
 * The confirmation that a `cnf` member demands (RFC 7800 3.1): none, or possession of a certificate (RFC 8705 3.2).
 * `unknown` for any other method and for several methods, because they cannot be checked here.
 */
export function confirmationOf(cnf: unknown): Confirmation | 'unknown' | undefined {
  if (cnf === undefined) return undefined;
  const members = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf) : [];
  const [[method, value] = [], ...others] = members;
  if (method !== CERTIFICATE || typeof value !== 'string' || others.length > 0) return 'unknown';
  return { method, value };
}

/** Why possession is not proved, for operators: the ways that the token asks for. */
export function unprovedBy(cnf: unknown): string {
  const isObject = typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf);
  return isObject ? `cnf asks for a proof by ${listed(Object.keys(cnf))}` : `cnf is ${typeOf(cnf)}, expected an object`;
}

/** True when the client certificate of the request's connection is the one that is demanded. */
export function isConfirmed({ value }: Confirmation, request: SecurityRequest): boolean {
  const certificate = request.peerCertificate();
  return certificate !== undefined && hash('sha256', certificate.raw, 'base64url') === value;
}
