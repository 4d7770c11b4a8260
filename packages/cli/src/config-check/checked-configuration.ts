import { dirname } from 'node:path';
import { type ChainServices, chainFrom, type ParsedConfiguration, parseConfiguration } from '@sallyport/configuration';
import { SallyportError, type SecurityChain } from '@sallyport/core';
import { describeError, type Kinds } from '@sallyport/core/extend';
import { heard } from '../configuration/kinds.js';

/** A handler that was built. */
export interface BuiltHandler {
  readonly name: string;
  readonly kind: string;
}

/** What a configuration file makes, or why it makes nothing. */
export interface CheckedConfiguration {
  /** In the order in which they were found. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly chain: string | undefined;
  readonly handlers: readonly BuiltHandler[];
}

export interface Checking {
  /** The file, as errors name it. */
  readonly file: string;
  readonly text: string;
  /** Where the file is. */
  readonly path: string;
  readonly kinds: Kinds;
  readonly environment: NonNullable<ChainServices['environment']>;
  /** Whether the handlers are started and closed as well. */
  readonly isStarted: boolean;
}

/** Builds the chain, and each handler that the chain does not use. */
export async function checkedConfiguration(checking: Checking): Promise<CheckedConfiguration> {
  const { file, text, path, environment } = checking;
  const handlers = new Map<string, BuiltHandler>();
  const kinds = heard(checking.kinds, (name, kind) => handlers.set(name, { name, kind }));
  const services = { kinds, environment, directory: dirname(path), decisionListeners: [() => {}] };
  const errors = new Set<string>();
  let chain: string | undefined;
  try {
    const parsed = await parseConfiguration(text, file);
    const attempt = (content: object) => built(content, services, checking.isStarted).catch(fail(parsed, errors));
    chain = await attempt(parsed.content);
    const used = new Set(handlers.keys());
    const unused = listedIn(parsed.content).filter((name) => !used.has(name));
    for (const name of unused) await attempt({ ...parsed.content, chain: { requirement: name } });
    const warnings = chain === undefined ? [] : unused.map((name) => `handlers.${name} is used by nobody`);
    return { errors: [...errors], warnings, chain, handlers: [...handlers.values()] };
  } catch (error) {
    return { errors: [messageOf(error)], warnings: [], chain, handlers: [] };
  }
}

/** Builds a chain and closes it again. Comes to its name. */
async function built(content: object, services: ChainServices, isStarted: boolean): Promise<string> {
  const chain: SecurityChain = await chainFrom(content, services);
  try {
    if (isStarted) await chain.start();
  } finally {
    await chain.close();
  }
  return chain.name;
}

function fail(parsed: ParsedConfiguration, errors: Set<string>): (error: unknown) => undefined {
  return (error) => {
    errors.add(messageOf(parsed.located(error)));
  };
}

function listedIn(content: object): readonly string[] {
  const { handlers } = content as { handlers?: unknown };
  return typeof handlers === 'object' && handlers !== null ? Object.keys(handlers) : [];
}

/** The library's own messages quote no value. Of another error, class and code are told. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  if (error instanceof SallyportError) return error.message;
  const { name, code, frames } = describeError(error);
  return [code === undefined ? name : `${name} ${code}`, ...frames.slice(0, 1)].join(' ');
}
