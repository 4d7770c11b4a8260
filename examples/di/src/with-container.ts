import { fileURLToPath } from 'node:url';
import {
  container,
  inject,
  injectable,
  registerConfigurationFile,
  registerSecurity,
  resolveChain,
  tokens,
} from '@sallyport/configuration/tsyringe';
import type { SecurityChain } from '@sallyport/core';
import { BadgeDirectory } from './badge-directory.js';
import { BadgeHandler, type BadgeHandlerOptions } from './badge-handler.js';
import { kinds, logDecision } from './kinds.js';

/** Tells the container what the constructor wants. */
@injectable()
class InjectedBadgeHandler extends BadgeHandler {
  constructor(
    @inject(tokens.handlerOptions) options: BadgeHandlerOptions,
    @inject(BadgeDirectory) badges: BadgeDirectory,
  ) {
    super(options, badges);
  }
}

/** The chain of `security.yaml`, built by a container. */
export async function securityChain(): Promise<SecurityChain> {
  registerSecurity(container, {
    kinds: { ...kinds, badge: { useClass: InjectedBadgeHandler } },
    decisionListeners: [logDecision],
  });
  await registerConfigurationFile(container, fileURLToPath(new URL('../security.yaml', import.meta.url)));
  return resolveChain(container);
}
