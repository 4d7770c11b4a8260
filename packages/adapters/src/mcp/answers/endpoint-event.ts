import { sessionInQuery } from './session-in-query.js';

const EVENT = /^event: ?endpoint\r?\ndata: ?([^\r\n]*)\r?\n/m;
/** It is the first event of its stream. Servers may write comments before. */
const MOST_CHARACTERS = 8_192;

/** Waits for the event by which a stream of protocol version 2024-11-05 tells where messages are posted, and so for which session. */
export class EndpointEvent {
  #text = '';
  #isOver = false;

  /** Takes what is written to the stream, and gives back the id of the session once it has been told. */
  sessionIn(chunk: unknown): string | undefined {
    if (this.#isOver) return undefined;
    this.#text += typeof chunk === 'string' ? chunk : textOf(chunk);
    const address = EVENT.exec(this.#text)?.[1];
    this.#isOver = address !== undefined || this.#text.length > MOST_CHARACTERS;
    if (this.#isOver) this.#text = '';
    return address === undefined ? undefined : sessionAt(address);
  }
}

function textOf(chunk: unknown): string {
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
}

function sessionAt(address: string): string | undefined {
  try {
    const { search } = new URL(address, 'http://localhost');
    return sessionInQuery({ method: 'POST', query: search.slice(1) });
  } catch {
    return undefined;
  }
}
