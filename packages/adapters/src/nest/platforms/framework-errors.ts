/** As an option of Fastify: `Fastify({ frameworkErrors })`. */
type FrameworkErrors = (error: never, request: never, reply: never) => void;

/** By the instance of Fastify that Nest runs on. */
const known = new WeakMap<object, FrameworkErrors>();

export function askAboutErrors(instance: object, ask: FrameworkErrors): void {
  known.set(instance, ask);
}

/**
 * Asks the chain about what Fastify refuses before routing, such as a path that cannot be decoded. Without it Fastify itself
 * answers 400.
 * @example
 * const adapter = new FastifyAdapter({ frameworkErrors });
 */
export function frameworkErrors(error: Error, request: object, reply: object): void {
  const ask = known.get((request as { readonly server: object }).server);
  if (ask === undefined) (reply as { send(error: Error): void }).send(error);
  else ask(error as never, request as never, reply as never);
}
