import type { NodeResponse } from '../../node/node-message.js';

type Write = (chunk: unknown, ...rest: readonly unknown[]) => boolean;

/** Tells what is written to an answer, once it is written: by then the head stands. */
export function onWrite(response: NodeResponse, written: (chunk: unknown) => void): void {
  const holder = response as unknown as { write: Write };
  const { write } = holder;
  holder.write = (chunk, ...rest) => {
    const goesOn = write.call(response, chunk, ...rest);
    written(chunk);
    return goesOn;
  };
}
