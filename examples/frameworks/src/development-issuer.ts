import { randomUUID } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

// Takes the place of an authorization server while you try the examples. It makes a new issuer, and prints shell
// commands with its name, its public key and one access token (RFC 9068) for the subject and scopes on the command
// line.
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
