import { parseArgs } from 'node:util';
import { option, quotedName, shownName } from '@sallyport/core/extend';
import type { Command, Flag, Flags, Values } from '../command/command.js';
import { CommandError } from '../command/command-error.js';

/** What a command line asks for. */
export type Asked =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly operands: readonly string[];
      readonly flags: Values<Flags>;
    };

const HELP = { type: 'boolean', short: 'h' } as const;

/**
 * Reads a command line. Errors quote words of it only where a command or a flag is expected: a value may be a secret.
 * @throws {CommandError}
 */
export function readArguments(args: readonly string[], commands: readonly Command[]): Asked {
  const command = commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
  if (command === undefined) return readWithoutCommand(args, commands);
  const rest = args.slice(command.name.split(' ').length);
  const { values, positionals } = parsed(rest, command);
  if (values['help'] === true) return { kind: 'help', command };
  if (positionals.length !== command.operands.length) throw new CommandError(operandsOf(command));
  return { kind: 'run', command, operands: positionals, flags: valuesOf(command.flags, values) };
}

function readWithoutCommand(args: readonly string[], commands: readonly Command[]): Asked {
  const [first] = args;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', command: undefined };
  if (first === 'help') return { kind: 'help', command: named(args.slice(1).join(' '), commands) };
  if (first === '--version') return { kind: 'version' };
  const group = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (group.length > 0) throw new CommandError(`${first} is one of the commands ${group.join(', ')}`);
  return { kind: 'help', command: named(first, commands) };
}

function named(name: string, commands: readonly Command[]): Command | undefined {
  if (name === '') return undefined;
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  const hint = option.nearestHint(name, names);
  throw new CommandError(`there is no command ${quotedName(name)}${hint}; sallyport --help lists all`);
}

type ParsedValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

function parsed(args: readonly string[], command: Command): { values: ParsedValues; positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([name, { type }]) =>
      type === 'list' ? [name, { type: 'string', multiple: true } as const] : [name, { type } as const],
    ),
  );
  try {
    return parseArgs({ args: [...args], options: { ...options, help: HELP }, allowPositionals: true });
  } catch (error) {
    throw new CommandError(`${problemOf(error as Error, command)}; sallyport ${command.name} --help tells more`);
  }
}

function problemOf({ message }: Error, { flags }: Command): string {
  const unknown = /^Unknown option '(--?[^']+)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const hint = option.nearestHint(unknown, ['--help', ...Object.keys(flags).map((name) => `--${name}`)]);
    const [dashes, name = ''] = unknown.split(/(?<=^--?)(?!-)/);
    return `there is no option ${dashes}${shownName(name)}${hint}`;
  }
  const [, known = '', rest = ''] = /^Option '(?:-\w, )?(--[\w-]+)[^']*' (.*)/.exec(message) ?? [];
  if (known === '') return 'the command line cannot be read';
  return `the option ${known} ${rest.startsWith('does not take') ? 'takes no value' : 'needs a value'}`;
}

function operandsOf({ name, operands }: Command): string {
  return `usage: sallyport ${[name, ...operands].join(' ')}; sallyport ${name} --help tells more`;
}

function valuesOf(flags: Flags, given: ParsedValues): Values<Flags> {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, oneValue(name, flag, given[name])]));
}

function oneValue(name: string, flag: Flag, given: ParsedValues[string]): Values<Flags>[string] {
  if (flag.type === 'boolean') return given === true;
  if (flag.type === 'list') return (given ?? []) as readonly string[];
  const value = (given ?? flag.default) as string | undefined;
  if (value === undefined && flag.isNeeded) throw new CommandError(`the option --${name} ${flag.value} is missing`);
  if (flag.oneOf === undefined || value === undefined || flag.oneOf.includes(value)) return value;
  throw new CommandError(`the option --${name} must be one of ${flag.oneOf.join(', ')}`);
}
