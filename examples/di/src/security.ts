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

/** Employees who are off duty may do nothing; everybody else is none of this guard's business. */
const onDuty = guard('onDuty', ({ claims }) => claims['onDuty'] !== false);

/** Tells the container which kinds of handlers there are, and leaves the rest to the configuration file. */
export async function configureSecurity(container: DependencyContainer): Promise<void> {
  registerSecurity(container, {
    handlerTypes: { ...builtInHandlers, badge: { useClass: BadgeHandler } },
    guards: { onDuty },
    decisionListeners: [
      ({ operation, outcome, reason, steps }) => {
        const handlers = steps.map(({ handler, verdict }) => `${handler}:${verdict}`).join(',');
        console.log(JSON.stringify({ operation, outcome, reason, handlers }));
      },
    ],
  });
  await registerConfigurationFile(container, CONFIGURATION);
}
