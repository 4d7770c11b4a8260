import type { Readable } from 'node:stream';

/** A stream that a command writes to. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** All that a command knows of its process. Tests give their own. */
export interface Surroundings {
  /** Results. */
  readonly stdout: Output;
  /** Progress and errors. */
  readonly stderr: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The base of relative paths. */
  readonly directory: string;
  /**
   * Calls `listener` with every warning of this process, and keeps Node from printing them. Returns a function that ends
   * that.
   */
  onWarning(listener: (message: string) => void): () => void;
  /** Calls `task` once after `delayMs` milliseconds. Returns a function that cancels it. */
  after(delayMs: number, task: () => void): () => void;
}
