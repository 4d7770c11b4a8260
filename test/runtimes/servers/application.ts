import { anonymous } from '@sallyport/core';
import { honoApplication } from '../../adapters/demo-application.js';
import { demoChain } from '../../adapters/demo-chain.js';
import { handlersApplication } from './handlers-application.js';
import type { Settings } from './settings.js';

export type Serve = (request: Request, ...rest: unknown[]) => Response | Promise<Response>;

/** Made while the program loads, as the chains of users are. */
export function applicationOf(settings: Settings): Serve {
  return settings.serves === 'corpus' ? honoApplication(demoChain(), {}, anonymous()) : handlersApplication(settings);
}
