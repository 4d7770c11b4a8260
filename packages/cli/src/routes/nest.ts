/** An application of Nest, on Express or on Fastify. */
export interface NestApplication {
  init(): Promise<unknown>;
  getHttpAdapter(): { getInstance(): unknown };
}

export function isNest(value: unknown): value is NestApplication {
  return typeof value === 'object' && value !== null && 'getHttpAdapter' in value && 'init' in value;
}

/** The application of Express or Fastify that Nest has put its controllers into, with their prefix and versions. */
export async function instanceOf(application: NestApplication): Promise<unknown> {
  await application.init();
  return application.getHttpAdapter().getInstance();
}
