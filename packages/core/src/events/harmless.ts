import { attemptTo } from '../clock/eventually.js';

/**
 * What a listener throws or rejects with becomes a process warning, once, that names the error's class but not its
 * message, which may quote what was published.
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
