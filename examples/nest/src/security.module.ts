import { Module } from '@nestjs/common';
import { SallyportModule } from '@sallyport/adapters/nest';
import { anyOf, SecurityChain } from '@sallyport/core';
import { JwtHandler } from '@sallyport/handlers/jwt';
import { PartnerDirectory, PartnerKeys } from './partner-keys.js';

/** Takes the access tokens of one issuer (RFC 9068). Its name and public key come from the environment. */
function tokens(): JwtHandler {
  const { ISSUER = '', AUDIENCE = '', ISSUER_PUBLIC_KEY = '' } = process.env;
  const keys = { publicKey: ISSUER_PUBLIC_KEY };
  return new JwtHandler({
    realm: 'orders',
    issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: 'ES256', keys }],
  });
}

@Module({
  providers: [PartnerDirectory, PartnerKeys, { provide: JwtHandler, useFactory: tokens }],
  exports: [PartnerKeys, JwtHandler],
})
class HandlersModule {}

@Module({
  imports: [
    SallyportModule.forRootAsync({
      imports: [HandlersModule],
      inject: [JwtHandler, PartnerKeys],
      useFactory: (jwt: JwtHandler, partners: PartnerKeys) => ({
        chain: new SecurityChain({ name: 'orders', requirement: anyOf(jwt, partners) }),
      }),
    }),
  ],
})
export class SecurityModule {}
