import type { Output, Surroundings } from '../command/surroundings.js';

/** The process itself. */
export function processSurroundings(): Surroundings {
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    // Opened when a command reads it.
    get stdin() {
      return process.stdin;
    },
    environment: process.env,
    directory: process.cwd(),
    onWarning(listener) {
      const printing = process.listeners('warning');
      const receive = ({ message }: Error) => listener(message);
      process.removeAllListeners('warning').on('warning', receive);
      return () => {
        process.removeAllListeners('warning');
        for (const each of printing) process.on('warning', each);
      };
    },
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

function outputTo(stream: NodeJS.WriteStream): Output {
  // The reader has seen enough, as `head` has after some lines.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return { write: (text) => void stream.write(text), isTerminal: stream.isTTY === true };
}
