import { type GuardKind, type HandlerKind, quotedName, type StoreKind } from '@sallyport/core/extend';
import type { DependencyContainer } from './container.js';
import type { ClassKind, ContainerServices } from './registration.js';
import { missing, unusable } from './registration-errors.js';
import { namesUnder } from './registry.js';
import { tokens } from './tokens.js';

interface Made {
  readonly handler: HandlerKind<never> | ClassKind;
  readonly guard: GuardKind<never>;
  readonly store: StoreKind<never>;
}

/**
 * The kind of this name that makes such a thing.
 * @param container where to look for similar names, for a hint
 * @throws {ConfigurationError} ERR_SALLYPORT_REGISTRATION_MISSING, ERR_SALLYPORT_REGISTRATION_INVALID
 */
export function kindCalled<Thing extends keyof Made>(
  thing: Thing,
  type: string,
  { find }: Pick<ContainerServices, 'find'>,
  container: DependencyContainer,
): Made[Thing] {
  const token = tokens.kind(type);
  const kind = find(token);
  if (kind !== undefined && (thing in kind || (thing === 'handler' && 'useClass' in kind))) return kind as Made[Thing];
  if (kind !== undefined) throw unusable(token, `makes no ${thing}s`);
  const row = thing === 'handler' ? '…' : `{ ${thing}: … }`;
  const fix = `Register it: registerSecurity(container, { kinds: { ${quotedName(type)}: ${row} } })`;
  throw missing(token, fix, type, namesUnder(container, tokens.kind));
}
