import type { Dispatcher } from 'undici';

/** What is sent over a connection. */
export interface SentRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The connections of a client to other servers, opened with the first call. */
export interface Connections {
  /** Whether the codings of answers are undone on the way. Then it names those itself that it takes. */
  readonly undoCodings: boolean;
  dispatch(origin: string, request: SentRequest, handler: Dispatcher.DispatchHandler): void;
  /** Closes all connections. Calls that are under way fail. */
  close(): Promise<void>;
}
