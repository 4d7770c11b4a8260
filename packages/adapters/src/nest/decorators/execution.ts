import type { ExecutionContext } from '@nestjs/common';
import { handshakeOf } from './handshakes.js';

/** The request behind a handler of Nest: of a route, of a connection to a gateway, or of a query that came over HTTP. */
export function carrierOf(context: ExecutionContext): object | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<object>();
    case 'graphql':
      return requestOfQuery(context);
    case 'ws':
      return handshakeOf(context.switchToWs().getClient());
    default:
      return undefined;
  }
}

/** Resolvers get four arguments; the third is the context of the query, in which both drivers of Nest put the request. */
function requestOfQuery(context: ExecutionContext): object | undefined {
  const { req, request, reply } = (context.getArgByIndex(2) ?? {}) as Record<'req' | 'request' | 'reply', unknown>;
  const found = req ?? request ?? (reply as { request?: unknown } | undefined)?.request;
  return typeof found === 'object' && found !== null ? found : undefined;
}
