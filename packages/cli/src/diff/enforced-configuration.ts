import { dirname, resolve } from 'node:path';
import { chainFrom, parseConfiguration } from '@sallyport/configuration';
import type { HandlerKind } from '@sallyport/core/extend';
import type { Surroundings } from '../command/surroundings.js';
import { withWarnings } from '../configuration/warnings.js';
import { needsOf, waysOf } from '../contract/needs.js';
import { standIn } from '../contract/stand-in.js';
import type { Enforced } from './enforced.js';

type Data = Readonly<Record<string, unknown>>;

const STAND_IN: HandlerKind<{ index: number }> = { handler: ({ index }, { name }) => standIn(name, index) };

/**
 * What a configuration file enforces. Its requirement and contract are compiled as a chain does, with a stand-in for each
 * handler. So no handler is built, and no reference of a handler is resolved.
 * @throws {ConfigurationError} with file, line and column
 */
export async function enforcedConfiguration(path: string, text: string, surroundings: Surroundings): Promise<Enforced> {
  const { directory, environment } = surroundings;
  const parsed = await parseConfiguration(text, path);
  const { handlers: listed, chain: listedChain, ...rest } = parsed.content as Data;
  const handlers = dataIn(listed);
  const { requirement, contract, guards, ...settings } = dataIn(listedChain);
  const names = Object.keys(handlers);
  const standIns = names.map((name, index) => [name, { type: 'standIn', options: { index } }] as const);
  const { doubts, ...enforced } = dataIn(contract);
  const chain = {
    ...(requirement !== undefined && { requirement }),
    ...(contract !== undefined && { contract: enforced }),
  };
  const services = { kinds: { standIn: STAND_IN }, environment, directory: dirname(resolve(directory, path)) };
  try {
    // Nobody hears the warnings: they are about the stand-ins.
    const build = () => chainFrom({ handlers: Object.fromEntries(standIns), chain }, services);
    const { requires } = (await withWarnings(surroundings, build)).value;
    const operations = requires.operations.map((operation) =>
      needsOf({ ...operation, requirement: operation.requirement ?? requires.requirement }),
    );
    const others = requires.requirement && waysOf(requires.requirement);
    return {
      operations,
      others,
      guards: guardsIn(guards),
      schemes: new Map(),
      handlers,
      settings: { ...rest, chain: { ...settings, ...(doubts !== undefined && { contract: { doubts } }) } },
    };
  } catch (error) {
    throw parsed.located(error);
  }
}

function dataIn(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {};
}

/** A guard of an application is told by its name alone: its options may hold anything. */
function guardsIn(listed: unknown): ReadonlyMap<string, string> {
  const guards: readonly unknown[] = Array.isArray(listed) ? listed : [];
  return new Map(guards.map((guard) => [JSON.stringify(guard), guardText(guard)]));
}

function guardText(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  const { type, ...members } = dataIn(guard);
  if (typeof type === 'string') return type;
  const [[name = '', needed] = []] = Object.entries(members);
  return `${name}(${[needed].flat().join(' ')})`;
}
