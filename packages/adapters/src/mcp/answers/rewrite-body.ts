import type { NodeResponse } from '../../node/node-message.js';

type Chunk = string | Uint8Array | undefined | null;
type Done = (error?: Error | null) => void;
type Write = (chunk: Chunk, ...rest: readonly unknown[]) => boolean;
type End = (...given: readonly unknown[]) => NodeResponse;
type WriteHead = (status: number) => unknown;

/** Holds the body of an answer back until it is whole, and sends what becomes of it. Only for bodies that are short. */
export function rewriteBody(response: NodeResponse, rewrite: (body: Buffer) => string | Buffer): void {
  const holder = response as unknown as { write: Write; end: End; writeHead: WriteHead };
  const { write, end } = holder;
  const chunks: Buffer[] = [];
  const take = (chunk: Chunk, encoding: unknown) => {
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, encodingOf(encoding)));
    else if (chunk !== undefined && chunk !== null) chunks.push(Buffer.from(chunk));
  };
  holder.write = (chunk, ...rest) => {
    // As in Node: an answer begins with what is written first, and so does its lease.
    if (!response.headersSent) holder.writeHead(response.statusCode);
    take(chunk, rest[0]);
    const done = rest.find((each): each is Done => typeof each === 'function');
    if (done !== undefined) queueMicrotask(() => done());
    return true;
  };
  holder.end = (...given) => {
    Object.assign(holder, { write, end });
    const [chunk, encoding] = given.filter((each) => typeof each !== 'function');
    take(chunk as Chunk, encoding);
    const done = given.filter((each) => typeof each === 'function');
    return end.call(response, rewrite(Buffer.concat(chunks)), ...done);
  };
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
}
