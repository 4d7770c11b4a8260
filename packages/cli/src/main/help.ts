import type { Command, Flag } from '../command/command.js';
import { columns } from '../terminal/columns.js';

const EXIT_CODES = `Exit codes: 0 nothing found, 1 found something (faults, differences, a denied request), 2 could not run.
`;
const ENVIRONMENT = `Colours: only on a terminal; NO_COLOR switches them off, FORCE_COLOR on.
`;
const COMMON_FLAGS: readonly (readonly [string, string])[] = [['--help, -h', 'print this text']];

/** The help text of the tool. */
export function toolHelp(commands: readonly Command[]): string {
  return [
    'Usage: sallyport COMMAND [options]\n',
    'Shows, checks and compares what OpenAPI definitions and configuration files of Sallyport enforce, and manages API keys.\n',
    `Commands:\n${columns(commands.map((command) => [synopsis(command), command.summary]))}`,
    `Options:\n${columns([...COMMON_FLAGS, ['--version', 'print the version']])}`,
    'sallyport COMMAND --help tells more about a command.\n',
    EXIT_CODES + ENVIRONMENT,
  ].join('\n');
}

/** The help text of a command. */
export function commandHelp(command: Command): string {
  const flags = Object.entries(command.flags).map(([name, flag]) => [spelt(name, flag), docOf(flag)] as const);
  return [
    `Usage: sallyport ${synopsis(command)}${flags.length === 0 ? '' : ' [options]'}\n`,
    `${command.description}\n`,
    `Options:\n${columns([...flags, ...COMMON_FLAGS])}`,
    `Examples:\n${command.examples.map((example) => `  ${example}\n`).join('')}`,
    EXIT_CODES,
  ].join('\n');
}

function synopsis({ name, operands }: Command): string {
  return [name, ...operands].join(' ');
}

function spelt(name: string, flag: Flag): string {
  return flag.type === 'boolean' ? `--${name}` : `--${name} ${flag.value}`;
}

function docOf(flag: Flag): string {
  if (flag.type === 'boolean') return flag.doc;
  if (flag.type === 'list') return `${flag.doc}; may be given several times`;
  const needed = flag.isNeeded ? ' (needed)' : '';
  const values = flag.oneOf === undefined ? '' : `: ${flag.oneOf.join(', ')}`;
  return `${flag.doc}${values}${needed}${flag.default === undefined ? '' : ` (default ${flag.default})`}`;
}
