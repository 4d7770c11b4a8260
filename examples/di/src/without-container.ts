import { chainFrom } from '@sallyport/configuration';
import type { SecurityChain } from '@sallyport/core';
import type { HandlerKind } from '@sallyport/core/extend';
import { BadgeDirectory } from './badge-directory.js';
import { BadgeHandler } from './badge-handler.js';
import { kinds, logDecision } from './kinds.js';

const badges = new BadgeDirectory();

/** Passes the collaborator by hand. */
const badge: HandlerKind = {
  handler: (options, { name }) => new BadgeHandler({ name, ...options }, badges),
};

/** The chain of `security.yaml`. No container is loaded. */
export function securityChain(): Promise<SecurityChain> {
  return chainFrom(new URL('../security.yaml', import.meta.url), {
    kinds: { ...kinds, badge },
    decisionListeners: [logDecision],
  });
}
