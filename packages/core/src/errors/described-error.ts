/** An error as data: what it is and where it arose, without its message, which may quote a credential. */
export interface DescribedError {
  /** The name of its class; of a value that is no error, its type. */
  readonly name: string;
  readonly code: string | undefined;
  /** Stack frames: function names and source positions. */
  readonly frames: readonly string[];
}

const MAX_FRAMES = 8;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

export function describeError(error: unknown): DescribedError {
  try {
    if (error instanceof Error) return described(error);
  } catch {
    // The thrown object throws again when it is read. Only its type is reported.
  }
  return Object.freeze({ name: typeof error, code: undefined, frames: Object.freeze([]) });
}

function described(error: Error): DescribedError {
  const code = (error as { code?: unknown }).code;
  return Object.freeze({
    name: String(error.constructor.name),
    code: typeof code === 'string' && CODE.test(code) ? code : undefined,
    frames: framesOf(error),
  });
}

/**
 * The stack frames after the message. The message is cut off by its length, since it may look like frames. Empty when
 * the stack does not contain the message.
 */
function framesOf(error: Error): readonly string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const message = String(error.message);
  const start = stack.indexOf(message);
  if (start === -1) return Object.freeze([]);
  const frames = stack
    .slice(start + message.length)
    .split('\n')
    .map((line) => line.trim());
  return Object.freeze(frames.filter((line) => line.startsWith('at ')).slice(0, MAX_FRAMES));
}
