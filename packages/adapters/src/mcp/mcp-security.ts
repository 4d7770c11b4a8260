import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decider, DeniedDecision } from '@sallyport/core';
import { option, ownMembers } from '@sallyport/core/extend';
import { type ExpressMiddleware, mountedIn } from '../express/express-security.js';
import { responseOf } from '../fetch/denial.js';
import { type FetchContext, type FetchHandler, fetchSecurity } from '../fetch/index.js';
import type { RouteDemands } from '../gate/route-demands.js';
import { httpSecurity } from '../http/index.js';
import type { NodeRequest, NodeResponse } from '../node/node-message.js';
import { grantAbout } from '../node/principal.js';
import { writeDenial } from '../node/write-denial.js';
import { Answers } from './answers/answers.js';
import { Sessions } from './answers/sessions.js';
import { ANY_AUDIENCE, PublishedResource, requireOwnAudience } from './audience.js';
import { authInfoOf, type McpAuthInfo } from './auth-info.js';
import { CallRules } from './calls/call-rules.js';
import { Inspection } from './calls/inspection.js';
import { answerTo } from './json-rpc-answer.js';
import { McpDecider, mcpGrantOf } from './mcp-decider.js';
import { type McpSecurityOptions, mcpOptions } from './mcp-options.js';

/** A handler of the SDK for fetch servers, as `createMcpHandler` makes it. */
export interface McpFetchHandler {
  fetch(request: Request, options: { authInfo?: McpAuthInfo }): Response | Promise<Response>;
}

/** The part of Hono's context that is used. */
export interface McpContext extends FetchContext {
  res: Response;
}

/** A server of MCP, secured: one method for each kind of server. All of them may add guards or a requirement, as `secure()` does. */
export interface McpSecurity<Scopes extends string = string> {
  /** Middleware for Express. Tools get what stands in `request.auth`. */
  express(...demands: RouteDemands<Scopes>): ExpressMiddleware;
  /** Wraps a listener of node:http or node:http2. Tools get what stands in `request.auth`. */
  http<Request extends NodeRequest = IncomingMessage, Response extends NodeResponse = ServerResponse>(
    listener: (request: Request, response: Response) => unknown,
    ...demands: RouteDemands<Scopes>
  ): (request: Request, response: Response) => void;
  /** Wraps what `toNodeHandler` of the SDK makes. */
  http(
    listener: (request: never, response: never) => unknown,
    ...demands: RouteDemands<Scopes>
  ): (request: NodeRequest, response: NodeResponse) => void;
  /** Wraps a handler of the SDK, whose tools get the `authInfo`, or any fetch handler, which asks `authInfoOf(request)`. */
  fetch<Rest extends unknown[]>(
    handler: McpFetchHandler | FetchHandler<Rest>,
    ...demands: RouteDemands<Scopes>
  ): FetchHandler<Rest>;
  /** Middleware for Hono. `c.get('auth')` is the `authInfo`. */
  hono(
    ...demands: RouteDemands<Scopes>
  ): (context: McpContext, next: () => Promise<void>) => Promise<Response | undefined>;
}

/**
 * Puts a chain in front of a server of MCP, of SDK 1 or 2: tokens are taken only for this server, calls are decided by their method
 * and tool, whichever protocol version they have, streams end with what let them begin, and a session belongs to whoever opened it.
 * The chain needs a `resource`, by whose metadata clients find their way.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN
 * @example
 * const chain = new SecurityChain({ requirement: jwt, resource: { identifier: 'https://notes.example.com/mcp' } });
 * const secure = mcpSecurity(chain, { tools: { purge: requireScopes('notes:write') } });
 * app.use(secure.express());
 */
export function mcpSecurity<Scopes extends string = string>(
  chain: Decider<Scopes>,
  options: McpSecurityOptions<Scopes> = {},
): McpSecurity<Scopes> {
  const { tools, otherTools, methods, audience, anyAudience, maxBodyBytes, maxSessions, hideForbiddenTools } =
    mcpOptions(options);
  const resource = new PublishedResource(chain);
  if (chain.lease === undefined) throw option.invalid('chain', 'grants no leases: nothing could end a stream');
  if (anyAudience) process.emitWarning('tokens of whatever audience are taken (anyAudience)', 'SallyportWarning');
  const always = anyAudience ? ANY_AUDIENCE : requireOwnAudience(() => audience ?? resource.identifiers);
  const rules = new CallRules({ always, tools, otherTools, methods });
  const sessions = new Sessions(maxSessions);
  const answers = new Answers(sessions);
  const decider = new McpDecider(
    chain as Decider,
    rules,
    new Inspection(rules, sessions, maxBodyBytes),
    hideForbiddenTools,
  );
  for (const rule of rules.guards) decider.expect(rule);

  const { trustedHops, clientCertificates, allowPreflight, allowRewriting, remoteAddress, peerAddress } =
    ownMembers(options);
  const proxied = { trustedHops, clientCertificates, allowPreflight, allowRewriting };
  const refuse = (denied: DeniedDecision, _request: NodeRequest, response: NodeResponse) =>
    writeDenial(response, answerTo(denied));
  const follow = (request: NodeRequest, response: NodeResponse) => {
    Object.assign(request, { auth: authInfoOf(request) });
    answers.followNode(request, response, hiddenFrom(request));
  };
  const ofFetch = () =>
    fetchSecurity(decider, {
      ...proxied,
      remoteAddress,
      peerAddress,
      onDenied: (denied) => responseOf(answerTo(denied)),
    });

  return {
    express: (...demands) => mountedIn(decider, { ...proxied, onDenied: refuse }, follow)(...demands),
    http: (listener: (request: never, response: never) => unknown, ...demands: RouteDemands<Scopes>) =>
      httpSecurity(decider, { ...proxied, onDenied: refuse })(
        (request, response) => {
          follow(request, response);
          listener(request as never, response as never);
        },
        ...demands,
      ) as never,
    fetch: (handler, ...demands) => {
      const answer = handlerOf(handler);
      return ofFetch()(
        async (request, ...rest) =>
          answers.followed(request, request, await answer(request, ...rest), hiddenFrom(request)),
        ...demands,
      );
    },
    hono: (...demands) => {
      const secure = ofFetch().middleware(...demands);
      return (context, next) =>
        secure(context, async () => {
          (context.set as (name: string, value: unknown) => void)('auth', authInfoOf(context));
          await next();
          const { res } = context;
          const followed = await answers.followed(context.req.raw, context, res, hiddenFrom(context));
          if (followed === res) return;
          // Hono copies the fields of an answer into the one that replaces it, its length among them.
          Object.assign(context, { res: undefined });
          context.res = followed;
        });
    },
  };
}

/** The tools that a list is not to show to whoever sent this request. */
function hiddenFrom(carrier: object): ((tool: string) => boolean) | undefined {
  const decision = grantAbout(carrier)?.decision;
  return decision && mcpGrantOf(decision)?.isHidden;
}

/** What a server passes besides, such as the request of Node, goes on to the handler. */
function handlerOf<Rest extends unknown[]>(handler: McpFetchHandler | FetchHandler<Rest>): FetchHandler<Rest> {
  if (typeof handler === 'function') return handler;
  return (request, ...[first]) => {
    const authInfo = authInfoOf(request);
    return handler.fetch(request, { ...(first as object | undefined), ...(authInfo && { authInfo }) });
  };
}
