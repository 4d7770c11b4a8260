// Opens a server of a page in this process, and asks it.
import { once } from 'node:events';
import { Server } from 'node:net';

/** Servers that began to listen, in this process. */
const listening = [];
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  listening.push(this);
  return listen.apply(this, args);
};

export class OpenedServer {
  #server;
  #origin;

  static async of(file) {
    const before = listening.length;
    await import(file);
    const server = listening[before];
    if (server === undefined) throw new Error(`${file} does not listen`);
    if (!server.listening) await once(server, 'listening');
    return new OpenedServer(server);
  }

  constructor(server) {
    this.#server = server;
    this.#origin = `http://localhost:${server.address().port}`;
  }

  /** Status, the JSON of the body or its text, and the challenge. */
  async ask(line, headers) {
    const [method, path] = line.split(' ');
    const response = await fetch(this.#origin + path, { method, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type'));
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      challenge: response.headers.get('www-authenticate'),
    };
  }

  async close() {
    this.#server.closeAllConnections?.();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
