import type { ExitCode } from './exit-code.js';
import type { Surroundings } from './surroundings.js';

interface FlagBasics {
  readonly doc: string;
}

/** A flag without a value. */
export interface Switch extends FlagBasics {
  readonly type: 'boolean';
}

/** A flag with a value. */
export interface Setting extends FlagBasics {
  readonly type: 'string';
  /** What stands for the value in help texts. */
  readonly value: string;
  /** The values that it may have. Default: any. */
  readonly oneOf?: readonly string[];
  readonly default?: string;
  /** Whether the command needs it. */
  readonly isNeeded?: true;
}

/** A flag with a value that may be given several times. */
export interface Listing extends FlagBasics {
  readonly type: 'list';
  readonly value: string;
}

export type Flag = Switch | Setting | Listing;
export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<Each extends Flag> = Each extends Switch
  ? boolean
  : Each extends Listing
    ? readonly string[]
    : Each extends { readonly oneOf: readonly (infer Value)[]; readonly default: string }
      ? Value
      : Each extends { readonly default: string } | { readonly isNeeded: true }
        ? string
        : string | undefined;

/** The values of flags: false, an empty list or the default where a flag is not given. */
export type Values<Declared extends Flags> = { readonly [Name in keyof Declared]: ValueOf<Declared[Name]> };

/** One call of a command. */
export interface Call<Declared extends Flags = Flags> {
  /** As many as the command names. */
  readonly operands: readonly string[];
  readonly flags: Values<Declared>;
  readonly surroundings: Surroundings;
}

export type Run<Declared extends Flags> = (call: Call<Declared>) => Promise<ExitCode>;

/** A command: what its help text says, and what it does. */
export interface Command<Declared extends Flags = Flags> {
  /** One or two words. */
  readonly name: string;
  /** What it works on, in the order of the command line. */
  readonly operands: readonly string[];
  readonly flags: Declared;
  /** What it does, in one line. */
  readonly summary: string;
  /** More about it, in lines of at most 90 characters. */
  readonly description: string;
  readonly examples: readonly string[];
  /** Loads what it needs: other commands do not wait for that. */
  load(): Promise<Run<Declared>>;
}

/** Declares a command, and takes the types of its flags from their declaration. */
export function command<const Declared extends Flags>(declared: Command<Declared>): Command {
  return declared as unknown as Command;
}
