/** What a server speaks: HTTP/1.1, HTTP/1.1 over TLS, or HTTP/2 over TLS. */
export type Protocol = 'http' | 'https' | 'h2';

/** One request, sent exactly as written: no client repairs or refuses it. */
export interface WireRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Default `/`. */
  readonly target?: string;
  /** Lines `Name: value`, in addition to Host. */
  readonly lines?: readonly string[];
  /** Content-Length is added. */
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  /** Lines `name: value` in the order of the answer, names in lower case. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** A connection of a client that repairs and refuses nothing. */
export interface Wire {
  /** Sends a request without waiting for those before it. */
  ask(request: WireRequest): Promise<WireAnswer>;
  /**
   * Waits for the other side to end the connection; false when it is still open after the timeout. HTTP/2 has no upgrade
   * that could end one.
   */
  ends?(): Promise<boolean>;
  /** Breaks the connection off. */
  close(): void;
}

/** How long a connection may be silent, in milliseconds: shorter than the time that test runners give a test. */
export const TIMEOUT_MS = 4_000;

export const SILENCE = `there was no answer within ${TIMEOUT_MS} ms`;
