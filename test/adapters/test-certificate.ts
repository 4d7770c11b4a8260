import { generate } from 'selfsigned';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

let made: Promise<Certificate> | undefined;

/** A certificate for localhost that nobody trusts; made once per test file. */
export function testCertificate(): Promise<Certificate> {
  made ??= generate([{ name: 'commonName', value: 'localhost' }], { algorithm: 'sha256', keySize: 2048 }).then(
    (pair) => ({ key: pair.private, cert: pair.cert }),
  );
  return made;
}
