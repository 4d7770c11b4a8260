// A process of its own: it loads an application, tells its routes to the command that started it, and ends. Whatever the
// application has opened ends with it.
import { pathToFileURL } from 'node:url';
import { routesOf, watchFrameworks } from '../routes/application.js';
import { listenNowhereElse } from './confinement.js';
import { exportedRoutes } from './exported.js';
import type { Message } from './message.js';
import { problemOf } from './problem.js';

const [, , file = ''] = process.argv;
const send = process.send?.bind(process);
// Applications tell a process manager that they are ready. Nobody is here to hear it.
process.send = () => true;

function tell(message: Message): void {
  send?.(message, undefined, undefined, () => process.exit());
}

async function read(): Promise<void> {
  watchFrameworks();
  listenNowhereElse();
  const exported: unknown = await import(pathToFileURL(file).href);
  const application = await exportedRoutes(exported, routesOf);
  if (application === undefined) {
    tell({
      problem:
        'it exports no application of Express, Fastify, Koa, Hono or Nest; export one as default or as app, or a function that makes it',
    });
  } else tell({ application });
}

const failed = (error: unknown) => tell({ problem: problemOf(error, process.cwd()) });
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
read().catch(failed);
