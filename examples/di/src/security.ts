import { fileURLToPath } from 'node:url';
import {
  type DependencyContainer,
  registerConfigurationFile,
  registerSecurity,
} from '@sallyport/configuration/tsyringe';
import { guard } from '@sallyport/core';
import { builtInHandlers } from '@sallyport/handlers/kinds';
import { BadgeHandler } from './badge-handler.js';

const CONFIGURATION = fileURLToPath(new URL('../security.yaml', import.meta.url));

/** Refuses employees who are off duty. All other callers pass. */
const onDuty = guard('onDuty', ({ claims }) => claims['onDuty'] !== false);

/** Registers the kinds of handlers in the container. The configuration file says the rest. */
export async function configureSecurity(container: DependencyContainer): Promise<void> {
  registerSecurity(container, {
    kinds: { ...builtInHandlers, badge: { useClass: BadgeHandler }, onDuty: { guard: () => onDuty } },
    decisionListeners: [
      ({ operation, outcome, reason, steps }) => {
        const handlers = steps.map(({ handler, verdict }) => `${handler}:${verdict}`).join(',');
        console.log(JSON.stringify({ operation, outcome, reason, handlers }));
      },
    ],
  });
  await registerConfigurationFile(container, CONFIGURATION);
}
