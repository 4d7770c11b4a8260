import { attemptTo } from '../clock/eventually.js';

/**
 * Wraps a listener so that its errors do not reach the caller. The first error becomes a process warning, the others
 * are dropped. The warning names the error's class but not its message, which may quote the published event.
 */
export function harmless<Message>(listener: (message: Message) => unknown, source: string): (message: Message) => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (hasWarned) return;
    hasWarned = true;
    const culprit = error instanceof Error ? error.constructor.name : typeof error;
    process.emitWarning(`a listener of ${source} failed with ${culprit}`, 'SallyportWarning');
  };
  return (message) => {
    attemptTo(() => listener(message), warn);
  };
}
