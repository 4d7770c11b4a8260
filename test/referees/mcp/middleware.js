// Sallyport as the middleware of a server of the conformance suite.
import { mcpSecurity } from '@sallyport/adapters/mcp';
import { requireScopes, SecurityChain } from '@sallyport/core';
import { challenge } from '@sallyport/core/extend';
import { IntrospectionHandler } from '@sallyport/handlers/introspection';
import { decodeJwt } from 'jose';
import { openDesk } from './token-desk.js';

/** The suite runs all scenarios at once, on one event loop. */
const PATIENCE_MS = 30_000;
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** What the scenarios with a middleware of their own ask for: scopes of all calls, and rules of tools. */
const RULES = {
  'auth/scope-step-up': { scopes: ['mcp:basic'], tools: { 'test-tool': requireScopes('mcp:write') } },
  // Whoever authorizes, a token never gets the scope.
  'auth/scope-retry-limit': { scopes: ['mcp:admin'], grants: () => [] },
  // The authorization server of the first token is left as soon as that token was used.
  'auth/authorization-server-migration': { scopes: ['mcp:basic'], isForgotten: true },
  'auth/dpop': { dpop: { nonce: 'never' } },
  'auth/dpop-nonce': { dpop: { nonce: 'required' } },
};

/** One for each server of the suite. */
const known = new WeakMap();

/** @param server how the suite set its server up; @param asked what it would have given to the middleware of the SDK */
export function middlewareOf(server, asked) {
  return (request, response, next) => {
    const ours = known.get(server) ?? new Middleware(server, asked, `http://${request.headers.host}`);
    known.set(server, ours);
    ours.verifier = asked.verifier;
    ours.handle(request, response, next);
  };
}

class Middleware {
  /** The suite has a new one for each request, if the scenario brings none. */
  verifier;
  #ours;
  #rule;
  #theirs;
  #observed;

  constructor({ scenario, authMiddleware, observed, prmPath = `${WELL_KNOWN}/mcp` }, { requiredScopes }, origin) {
    const rule = RULES[scenario] ?? { scopes: requiredScopes };
    if (authMiddleware !== undefined && RULES[scenario] === undefined) throw new Error(`No rules for ${scenario}`);
    const identifier = `${origin}${prmPath === WELL_KNOWN ? '' : '/mcp'}`;
    const guards = (rule.scopes ?? []).length === 0 ? [] : [requireScopes(rule.scopes)];
    const allowInsecureLoopback = true;
    const endpoint = openDesk((token) => this.#claimsOf(token, identifier));
    const tokens = new IntrospectionHandler({
      realm: 'suite',
      endpoint,
      audience: identifier,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'suite', clientSecret: 'of the suite' },
      outbound: { allowInsecureLoopback, timeoutMs: PATIENCE_MS },
      ...(rule.dpop && { dpop: { externalUrl: origin, ...rule.dpop } }),
      ...(rule.isForgotten && { cache: { ttlSeconds: 0 } }),
    });
    const requirement = pointingTo(origin + prmPath, tokens);
    const resource = { identifier, allowInsecureLoopback };
    const chain = new SecurityChain({ requirement, guards, resource, deadlineMs: PATIENCE_MS });
    this.#ours = mcpSecurity(chain, { tools: rule.tools ?? {} }).express();
    this.#rule = rule;
    this.#theirs = authMiddleware;
    this.#observed = observed;
  }

  handle(request, response, next) {
    if (this.#observed === undefined || request.headers.authorization === undefined) {
      return this.#ours(request, response, next);
    }
    response.once('finish', () => this.#note(response));
    return this.#theirs(request, response, () => this.#ours(request, response, next));
  }

  /** Tells the suite what has become of a proof that it has seen. */
  #note(response) {
    if (String(response.getHeader('www-authenticate')).includes('error="use_dpop_nonce"')) {
      this.#observed.rsNonceChallengeIssued = true;
    } else if (response.statusCode === 200) this.#observed.rsNonceHonored = this.#rule.dpop.nonce === 'required';
  }

  async #claimsOf(token, audience) {
    const { dpop, isForgotten, grants = (scopes) => scopes } = this.#rule;
    if (dpop !== undefined) return decodeJwt(token);
    if (isForgotten && !(await this.#isTakenByThem(token))) throw new Error('The server has gone');
    const { clientId, scopes, expiresAt } = await this.verifier.verifyAccessToken(token);
    return { client_id: clientId, scope: grants(scopes).join(' '), exp: expiresAt, aud: audience };
  }

  #isTakenByThem(token) {
    const refusal = { status: () => refusal, set: () => refusal };
    return new Promise((resolve) => {
      refusal.json = () => resolve(false);
      this.#theirs({ headers: { authorization: `Bearer ${token}` }, body: {} }, refusal, () => resolve(true));
    });
  }
}

/** The same handler, whose challenges say where the suite keeps the metadata: in one scenario, at no address of RFC 9728 3.1. */
function pointingTo(resource_metadata, handler) {
  const challenges = handler.challenges.map(({ scheme, parameters }) =>
    challenge(scheme, { ...parameters, resource_metadata }),
  );
  const { name, source } = handler;
  return {
    name,
    source,
    challenges,
    extract: (request) => handler.extract(request),
    verify: (credential, request) => handler.verify(credential, request),
  };
}
