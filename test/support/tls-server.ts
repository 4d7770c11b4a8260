import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/** A key, and a certificate that it signed itself. */
export async function selfSigned(name: string): Promise<{ readonly key: string; readonly cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2 as const, value: name }] }],
  });
  return { key, cert };
}

/** An https server that says `{}` as JSON. */
export async function tlsServer(certificate: { readonly key: string; readonly cert: string }) {
  const arrivals: IncomingMessage['headers'][] = [];
  const server = createServer(certificate, ({ headers }, response) => {
    arrivals.push(headers);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    arrivals,
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
