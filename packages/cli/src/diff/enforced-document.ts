import type { Values } from '../command/command.js';
import type { Surroundings } from '../command/surroundings.js';
import { compiledContract } from '../contract/compiled-contract.js';
import type { CONTRACT_FLAGS } from '../contract/contract-flags.js';
import type { Enforced } from './enforced.js';

/** What an OpenAPI document enforces. An operation of `--open` may be missing: it may stand in the other document. */
export async function enforcedDocument(
  path: string,
  text: string,
  flags: Values<typeof CONTRACT_FLAGS>,
  surroundings: Surroundings,
): Promise<Enforced> {
  const open = flags.open.filter((id) => text.includes(id));
  const { operations, schemes } = await compiledContract(path, { ...flags, open }, surroundings);
  return { operations, others: undefined, guards: new Map(), schemes, handlers: {}, settings: {} };
}
