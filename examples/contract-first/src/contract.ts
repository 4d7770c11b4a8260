import { readFile } from 'node:fs/promises';
import { denied, headerHandler, rateLimit, SecurityChain } from '@sallyport/core';
import { constantTimeEqual } from '@sallyport/core/extend';
import { JwtHandler, type TrustedIssuer } from '@sallyport/handlers/jwt';
import { type OpenApiOptions, openApi, servedDefinition } from '@sallyport/openapi';

const { ISSUER = '', AUDIENCE = '', ISSUER_PUBLIC_KEY = '', MACHINE_KEY = '', ORIGIN = AUDIENCE } = process.env;

const issuer: TrustedIssuer = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: 'ES256',
  keys: { publicKey: ISSUER_PUBLIC_KEY },
};

/** Who proves each scheme of the definition, and what its rate classes are. */
const contract: OpenApiOptions = {
  schemes: {
    user: new JwtHandler({ realm: 'orders', issuers: [issuer] }),
    machine: headerHandler({
      name: 'machine-key',
      header: 'X-API-Key',
      verify: (key) =>
        constantTimeEqual(key, MACHINE_KEY) ? { kind: 'client', subject: 'warehouse' } : denied('key_unknown'),
    }),
  },
  rateClasses: { ordering: rateLimit({ name: 'ordering', limit: 30, windowSeconds: 60, by: 'principal' }) },
};

const written = await readFile(new URL('../orders-api.yaml', import.meta.url), 'utf8');

/** Decides by the definition, and tells clients where tokens are issued (RFC 9728). */
export const chain = new SecurityChain({
  name: 'orders',
  operations: await openApi(written, contract),
  resource: { identifier: AUDIENCE },
});

await chain.start();

/** The definition as it is enforced, for clients. By now handlers have discovered what they can. */
export const definition = await servedDefinition(written, { ...contract, origins: [ORIGIN] });
