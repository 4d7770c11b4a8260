import { hash } from 'node:crypto';
import type { Confirmation } from '@sallyport/core';
import type { SecurityRequest } from '@sallyport/core/extend';

const CERTIFICATE = 'x5t#S256';

/**
 * What possession an answer demands to be proved (RFC 7800 3.1): nothing, or that of a certificate (RFC 8705 3.2).
 * `unknown` for every other and every further confirmation: what is not understood cannot be proved here.
 */
export function confirmationOf(cnf: unknown): Confirmation | 'unknown' | undefined {
  if (cnf === undefined) return undefined;
  const members = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf) : [];
  const [[method, value] = [], ...others] = members;
  if (method !== CERTIFICATE || typeof value !== 'string' || others.length > 0) return 'unknown';
  return { method, value };
}

/** Whether the request's own connection proves the possession. */
export function isConfirmed({ value }: Confirmation, request: SecurityRequest): boolean {
  const certificate = request.peerCertificate();
  return certificate !== undefined && hash('sha256', certificate.raw, 'base64url') === value;
}
