import { SecurityChain } from '@sallyport/core';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';

const { ISSUER = '', AUDIENCE = '', ISSUER_PUBLIC_KEY = '' } = process.env;
const keys = { publicKey: ISSUER_PUBLIC_KEY };
const issuer: TrustedIssuer = { issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys };

/** Takes the access tokens of one issuer (RFC 9068). Its name and public key come from the environment. */
export const tokens = new JwtHandler({ realm: 'orders', issuers: [issuer] });

/** Requires a token. */
export const chain = new SecurityChain({ name: 'orders', requirement: tokens });
