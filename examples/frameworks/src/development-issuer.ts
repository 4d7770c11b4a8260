import { randomUUID } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

// Stands for an authorization server while trying the examples: prints, for a shell, the name and public key of an issuer
// that was made a moment ago, and one access token of it (RFC 9068) for the subject and scopes on the command line.
const [subject = 'alice', scope = 'orders:read orders:write'] = process.argv.slice(2);
const issuer = 'https://issuer.example';
const audience = 'https://orders.example';
const { privateKey, publicKey } = await generateKeyPair('ES256');
const token = await new SignJWT({ client_id: 'shell', scope })
  .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
  .setIssuer(issuer)
  .setAudience(audience)
  .setSubject(subject)
  .setJti(randomUUID())
  .setIssuedAt()
  .setExpirationTime('1h')
  .sign(privateKey);

console.log(`export ISSUER=${issuer} AUDIENCE=${audience} TOKEN=${token}`);
console.log(`export ISSUER_PUBLIC_KEY='${await exportSPKI(publicKey)}'`);
