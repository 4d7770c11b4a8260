import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Stands between a gateway and its introspection endpoint: counts the calls, and can be out of order. */
export class CountingProxy {
  readonly endpoint: string;
  readonly certificateFile: string;
  calls = 0;
  /** While true, connections are cut as soon as a request is there. */
  isDown = false;
  /** While true, calls are taken and not answered. */
  isSilent = false;
  /** While set, calls are answered with this status. */
  status: number | undefined;
  /** Where calls go on to; the gateway's port is known only after it has started. */
  target = '';
  readonly #server: Server;
  readonly #folder: string;

  static async start(): Promise<CountingProxy> {
    const altNames = [{ type: 2 as const, value: 'localhost' }];
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keySize: 2048,
      extensions: [{ name: 'subjectAltName', altNames }],
    });
    const server = createServer({ key, cert }).listen(0);
    await once(server, 'listening');
    return new CountingProxy(server, cert);
  }

  private constructor(server: Server, cert: string) {
    this.#server = server;
    this.#folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    this.certificateFile = join(this.#folder, 'proxy.pem');
    writeFileSync(this.certificateFile, cert);
    this.endpoint = `https://localhost:${(server.address() as AddressInfo).port}/oauth2/introspect`;
    server.on('request', (incoming, outgoing) => {
      this.calls += 1;
      if (this.isDown) return incoming.destroy();
      if (this.isSilent) return;
      if (this.status !== undefined) return outgoing.writeHead(this.status).end();
      const { method, url, headers } = incoming;
      const onward = request(this.target + url, { method, headers, rejectUnauthorized: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
