import { createHash } from 'node:crypto';
import { fetchSecurity, principalOf } from '@sallyport/adapters/fetch';
import { type Decider, type Guard, type Principal, type Requirement, requireScopes } from '@sallyport/core';
import { Hono } from 'hono';

/** What a server is mounted with. */
export interface DemoOptions {
  readonly clientCertificates?: { readonly proxies: readonly string[] };
  readonly allowPreflight?: boolean;
  readonly trustedHops?: number;
  readonly onDenied?: (...given: readonly unknown[]) => never;
}

/** What every demo server does once a request is let in: `/orders` needs a scope, `/echo` reads the body, `/fails` fails. */
export function answerTo(method: string | undefined, principal: Principal, body?: string): string {
  return `${method} by ${principal.subject || 'nobody'}${body === undefined ? '' : ` with ${body}`}`;
}

export const ORDERS: Guard = requireScopes('orders:read');

/** Reads a body to its end: a length and a digest, so that a lost byte shows. */
export async function digestOf(body: AsyncIterable<Uint8Array> | readonly never[]): Promise<string> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    length += chunk.length;
  }
  return `${length} bytes ${hash.digest('hex').slice(0, 16)}`;
}

export function fail(): never {
  throw new Error('the application failed');
}

export function headersFor(text: string): { 'content-type': string; 'content-length': string } {
  return { 'content-type': 'text/plain', 'content-length': String(Buffer.byteLength(text)) };
}

/** The application of the fetch rows, which runs in other runtimes than Node as well. */
export function honoApplication(
  chain: Decider,
  options: DemoOptions,
  requirement: Requirement,
  mount: typeof fetchSecurity = fetchSecurity,
): (request: Request, ...rest: unknown[]) => Response | Promise<Response> {
  const secure = mount(chain, options);
  const app = new Hono();
  app.use('/orders', secure.middleware(ORDERS));
  app.use('/keys', secure.middleware(requirement));
  app.onError((_error, context) => context.text('failed', 500));
  app.all('/fails', fail);
  app.all('*', async (context) => {
    const { raw } = context.req;
    const isEcho = context.req.path.startsWith('/echo');
    const text = answerTo(context.req.method, principalOf(raw), isEcho ? await digestOf(raw.body ?? []) : undefined);
    return new Response(text, { headers: headersFor(text) });
  });
  return secure(app.fetch as (request: Request, ...rest: unknown[]) => Response | Promise<Response>);
}
