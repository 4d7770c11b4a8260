import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** A forward proxy that opens tunnels (RFC 9110 9.3.6); every name leads to this machine. */
export class ForwardProxy {
  readonly url: string;
  readonly host: string;
  /** What it was asked for, such as `idp.example:443`, and with which credentials. */
  readonly tunnels: { readonly target: string | undefined; readonly authorization: string | undefined }[] = [];
  /** Subjects of the certificates that its clients showed. */
  readonly certificates: unknown[] = [];
  /** Answers with this status instead of a tunnel. */
  refusal: number | undefined;
  /** Takes requests and says nothing, or hangs up. */
  mood: 'well' | 'silent' | 'rude' = 'well';
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  static async start(certificate?: { readonly key: string; readonly cert: string }): Promise<ForwardProxy> {
    const server =
      certificate === undefined
        ? createHttpServer()
        : createHttpsServer({ ...certificate, requestCert: true, rejectUnauthorized: false });
    server.listen(0);
    await once(server, 'listening');
    return new ForwardProxy(server, certificate === undefined ? 'http' : 'https');
  }

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.host = `localhost:${(server.address() as AddressInfo).port}`;
    this.url = `${scheme}://${this.host}`;
    server.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#keep(socket);
      if (scheme === 'https') this.certificates.push((socket as TLSSocket).getPeerCertificate().subject);
    });
    server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#open(request, socket));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #open({ url, headers }: IncomingMessage, socket: Duplex): void {
    this.tunnels.push({ target: url, authorization: headers['proxy-authorization'] });
    if (this.mood === 'silent') return;
    if (this.mood === 'rude') return void socket.destroy();
    if (this.refusal !== undefined) return void socket.end(`HTTP/1.1 ${this.refusal} No\r\ncontent-length: 0\r\n\r\n`);
    const onward = this.#keep(connect(Number(url?.split(':').at(-1)), 'localhost'));
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
  }

  #keep<Kind extends Duplex>(socket: Kind): Kind {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    return socket;
  }
}
