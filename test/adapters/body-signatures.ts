import { createHash } from 'node:crypto';
import { authenticated, createPrincipal, denied, type SecurityHandler } from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';

const SENDER = createPrincipal({ subject: 'sender' });

/** Takes the digest of a body for its signature: who forges it is not what is tried with it. */
export function signatures(): SecurityHandler<string> {
  return {
    name: 'signatures',
    challenges: [challenge('Signature')],
    source: 'header:x-signature',
    extract: (request) => request.header('x-signature'),
    verify: () => authenticated(SENDER),
    verifyBody: (signature, body) =>
      signature === digestOf(body) ? authenticated(SENDER) : denied('signature_invalid'),
  };
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** The header line that signs a body, of which one character is one byte. */
export function signatureOf(body: string): string {
  return `X-Signature: ${digestOf(Buffer.from(body, 'latin1'))}`;
}
