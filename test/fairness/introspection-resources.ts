import { AuthorizationServer } from '@sallyport/core/testing';
import { IntrospectionHandler, type IntrospectionHandlerOptions } from '@sallyport/handlers/introspection';
import type { BoundedResource, BoundedResourceRow, FloodServices } from './bounded-resource.js';
import { type GuardAnswer, GuardedEndpoint } from './guarded-endpoint.js';

const CALLERS = 4;
/** More than come in a night. */
const NEWCOMERS = 100;
const FEW_PLACES = { crowd: 72, outbound: { maxConcurrent: 16, maxQueued: 32 }, cache: { ttlSeconds: 0 } };

/** Opaque tokens of a real authorization server, behind a guard that answers junk in its own way. */
async function introspection(
  { clock, pause }: FloodServices,
  junkAnswers: readonly GuardAnswer[],
  { crowd, outbound, cache }: { crowd: number } & Pick<IntrospectionHandlerOptions, 'outbound' | 'cache'>,
): Promise<BoundedResource> {
  const server = await AuthorizationServer.start({ clock });
  const endpoint = await GuardedEndpoint.start(server.introspectionEndpoint, async (form) => {
    const [, serial] = /token=junk-(\d+)/.exec(form) ?? [];
    const answer = serial === undefined ? undefined : junkAnswers[Number(serial) % junkAnswers.length];
    if (answer !== undefined) return answer;
    for (let part = 0; part < 5; part += 1) await pause();
    return undefined;
  });
  const issue = async (subject: string) => `Bearer ${(await server.as({ subject }, { opaque: true })).bearer}`;
  const tokens = (count: number) => Promise.all(Array.from({ length: count }, (_, index) => issue(`user ${index}`)));
  const [good, newcomers] = [await tokens(CALLERS), await tokens(NEWCOMERS)];
  const { clientId, clientSecret } = server;
  const handler = new IntrospectionHandler(
    {
      realm: 'test',
      endpoint: endpoint.url,
      clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret },
      outbound: { allowInsecureLoopback: true, ...outbound },
      cache,
    },
    { clock },
  );
  return {
    handler,
    crowd,
    good: (caller) => good[caller] as string,
    newcomer: (serial) => newcomers[serial] as string,
    junk: (serial) => `Bearer junk-${serial}`,
    turnedAway: (refusals) => refusals('err_sallyport_upstream_overloaded'),
    async close() {
      await handler.close();
      await endpoint.close();
      await server.close();
    },
  };
}

function row(how: string, ...junkAnswers: readonly GuardAnswer[]): BoundedResourceRow {
  return {
    name: `calls of introspection, flooded with made-up tokens that the endpoint answers ${how}`,
    open: (services) => introspection(services, junkAnswers, FEW_PLACES),
  };
}

export const INTROSPECTION_RESOURCES: readonly BoundedResourceRow[] = [
  row('as slowly as all others', undefined),
  row('with 403 or 500', 403, 500),
  row('with silence', 'silence'),
];

/** With the defaults: 64 calls at once, 1,024 that wait, and what callers sent before is remembered. */
export const DEFAULT_INTROSPECTION: BoundedResourceRow = {
  name: 'calls of introspection with its defaults, flooded with random tokens',
  open: (services) => introspection(services, [undefined], { crowd: 1_200 }),
};
