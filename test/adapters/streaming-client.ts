import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:http2';

/** How an answer ended for its client: whole, or broken off. */
export type Outcome = 'whole' | 'broken off';

/** An answer under way. */
export interface Streamed {
  /** Settles when the answer has ended. */
  readonly outcome: Promise<Outcome>;
  /** The error code of the stream; HTTP/2 only. */
  readonly code: () => number | undefined;
  leave(): void;
}

/** Asks, and waits for the first bytes of the answer. */
export function streamed(protocol: 'http' | 'h2', port: number, path: string, token: string): Promise<Streamed> {
  const authorization = `Bearer ${token}`;
  return protocol === 'http' ? overHttp1(port, path, authorization) : overHttp2(port, path, authorization);
}

async function overHttp1(port: number, path: string, authorization: string): Promise<Streamed> {
  const sent = request({ host: '127.0.0.1', port, path, headers: { authorization } }).end();
  sent.on('error', () => {});
  const [answer] = await once(sent, 'response');
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
  await once(answer, 'readable');
  answer.resume().on('error', () => {});
  const outcome = closed(answer).then((): Outcome => (answer.complete ? 'whole' : 'broken off'));
  return { outcome, code: () => undefined, leave: () => sent.destroy() };
}

async function overHttp2(port: number, path: string, authorization: string): Promise<Streamed> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ':path': path, authorization });
  const [headers] = await once(stream, 'response');
  if (headers[':status'] !== 200) throw new Error(`status ${headers[':status']}`);
  await once(stream, 'readable');
  stream.resume().on('error', () => {});
  const outcome = closed(stream).then((): Outcome => {
    session.close();
    return stream.rstCode === 0 ? 'whole' : 'broken off';
  });
  return { outcome, code: () => stream.rstCode, leave: () => session.destroy() };
}

/** `once` would reject with the error in front. */
function closed(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}
