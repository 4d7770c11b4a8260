import { SecurityChain } from '@sallyport/core';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';

/** A chain for the access tokens of one issuer (RFC 9068). Its name and public key come from the environment. */
export function ordersChain({ ISSUER = '', AUDIENCE = '', ISSUER_PUBLIC_KEY = '' }: NodeJS.ProcessEnv): SecurityChain {
  const keys = { publicKey: ISSUER_PUBLIC_KEY };
  const issuer: TrustedIssuer = { issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys };
  return new SecurityChain({ name: 'orders', requirement: new JwtHandler({ realm: 'orders', issuers: [issuer] }) });
}
