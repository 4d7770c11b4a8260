/** Why a command cannot run, in words for its user: wrong usage, or an input that cannot be read. Each line tells one problem. */
export class CommandError extends Error {
  readonly lines: readonly string[];

  constructor(...lines: readonly [string, ...string[]]) {
    super(lines.join('; '));
    this.lines = lines;
  }
}
