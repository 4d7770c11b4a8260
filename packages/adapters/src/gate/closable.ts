import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';

/** A WebSocket: of `ws`, of @fastify/websocket, of a runtime. */
export interface ClosableSocket {
  close(code?: number, reason?: string): void;
  /** Ends the connection without waiting for the other side. */
  terminate?(): void;
}

/** What a lease can end: an answer, a stream of HTTP/2, a socket, a WebSocket. */
export type Closable = ServerResponse | Http2ServerResponse | ServerHttp2Stream | Duplex | ClosableSocket;
