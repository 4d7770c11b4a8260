import type { IncomingMessage } from 'node:http';
import serverless from 'serverless-http';
import { app } from './express-app.js';
import { chain } from './security.js';

await chain.start();

interface ManyValues {
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | null;
}

/** AWS Lambda calls this with each request that an API Gateway or a load balancer has received. */
export const handler = serverless(app, {
  // The host gives the last value of each header alone. With all lines, a doubled Authorization is seen, and refused.
  request: (request: IncomingMessage, { multiValueHeaders }: ManyValues) => {
    const lines = Object.entries(multiValueHeaders ?? {}).flatMap(([name, values]) =>
      values.flatMap((value) => [name, value]),
    );
    if (lines.length > 0) request.rawHeaders = lines;
  },
});
