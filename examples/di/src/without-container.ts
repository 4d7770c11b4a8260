import { chainFrom } from '@sallyport/configuration';
import type { SecurityChain } from '@sallyport/core';
import { type HandlerKind, option } from '@sallyport/core/extend';
import { BadgeDirectory } from './badge-directory.js';
import { BADGE, BadgeHandler, type BadgeHandlerOptions } from './badge-handler.js';
import { kinds, logDecision } from './kinds.js';

const badges = new BadgeDirectory();

/** Passes the collaborator by hand. */
const badge: HandlerKind<Omit<BadgeHandlerOptions, 'name'>> = {
  options: option.without(BADGE, 'name'),
  handler: (options, { name }) => new BadgeHandler({ name, ...options }, badges),
};

/** The chain of `security.yaml`. No container is loaded. */
export function securityChain(): Promise<SecurityChain> {
  return chainFrom(new URL('../security.yaml', import.meta.url), {
    kinds: { ...kinds, badge },
    decisionListeners: [logDecision],
  });
}
