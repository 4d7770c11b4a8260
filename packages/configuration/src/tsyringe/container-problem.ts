const NEEDED = /^Cannot inject the dependency (?:"\w+" )?at position #\d+ of "([^"]*)" constructor\. Reason:$/;
const UNFIT =
  /^(?:TypeInfo not known for "[^"]*"|Attempted to resolve unregistered dependency token: "[^"]*"|Attempted to construct an undefined constructor\..*)$/;

/**
 * Says why the container cannot build a handler, and how to fix it; `undefined` when the error is not the container's.
 * Messages of other errors are not repeated, because they may quote options and so secrets.
 */
export function containerProblem(error: unknown): string | undefined {
  const lines = (error instanceof Error ? error.message : '').split('\n').map((line) => line.trim());
  const needing = lines.flatMap((line) => NEEDED.exec(line)?.[1] ?? []);
  const circle = needing.findIndex((name, index) => needing.indexOf(name) < index);
  if (circle !== -1) {
    const path = needing.slice(needing.indexOf(needing[circle] as string), circle + 1).join(' needs ');
    return `cannot be built: ${path}. Let one of them ask later, for instance with delay()`;
  }
  const known = lines.filter((line) => NEEDED.test(line) || UNFIT.test(line));
  if (known.length === 0) return undefined;
  const foreign = known.length < lines.length ? ' a collaborator threw' : '';
  return `cannot be built: ${known.join(' ')}${foreign}. ${fixOf(known)}`;
}

function fixOf(complaints: readonly string[]): string {
  if (complaints.some((line) => /"(?:Function|Object)"$/.test(line))) {
    return 'Import the class as a value, not as a type, or say @inject(token)';
  }
  if (complaints.some((line) => line.startsWith('TypeInfo'))) {
    return 'Say @injectable() at the class and @inject(token) at its parameters, and compile with experimentalDecorators';
  }
  return 'Register what is missing in the container, or say @inject(token)';
}
