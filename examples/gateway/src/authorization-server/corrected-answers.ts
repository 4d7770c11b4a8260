import type { KoaContextWithOIDC } from 'oidc-provider';
import type { JwtAccessTokens, LivingJwt } from './jwt-access-tokens.js';

interface ErrorBody {
  error?: string;
  error_description?: string;
}

/** The endpoints at which clients authenticate themselves. */
const CLIENT_ENDPOINTS: readonly (string | undefined)[] = ['token', 'revocation', 'introspection'];

/** Changes those answers of oidc-provider that follow the RFCs less closely than this server does. */
export class CorrectedAnswers {
  readonly #jwts: JwtAccessTokens;
  readonly #resourceServerId: string;

  /** `resourceServerId` is the client that may introspect everybody's tokens. */
  constructor(jwts: JwtAccessTokens, resourceServerId: string) {
    this.#jwts = jwts;
    this.#resourceServerId = resourceServerId;
  }

  readonly middleware = async (context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if (!CLIENT_ENDPOINTS.includes(context.oidc?.route)) return;
    const { error } = (context.body ?? {}) as ErrorBody;
    if (error === 'unsupported_token_type') await this.#answerAboutJwt(context);
    else if (error === 'invalid_request') sayWhichError(context, context.body as ErrorBody);
    if (context.status === 401 && !context.response.get('WWW-Authenticate')) {
      context.set('WWW-Authenticate', `Basic realm="${context.oidc.provider.issuer}"`);
    }
  };

  /**
   * Answers about a token that looks like a JWT: oidc-provider refuses to look at it. By then the client has been
   * authenticated.
   */
  async #answerAboutJwt(context: KoaContextWithOIDC): Promise<void> {
    const living = await this.#jwts.find(String(context.oidc.params?.['token']));
    const clientId = String(context.oidc.client?.clientId);
    context.status = 200;
    if (context.oidc.route === 'introspection') context.body = this.#introspected(living, clientId);
    else this.#revoke(context, living, clientId);
  }

  /**
   * A token that the server cannot look up is not active, which is no error (RFC 7662 2.2). With an error, a caller who
   * sends the gateway something that looks like a JWT would make its authorization server look broken.
   */
  #introspected(living: LivingJwt | undefined, clientId: string): object {
    const isTheirs = living?.record.clientId === clientId || clientId === this.#resourceServerId;
    return living !== undefined && isTheirs
      ? {
          ...living.claims,
          active: true,
          token_type: (living.claims['cnf'] as { jkt?: string } | undefined)?.jkt === undefined ? 'Bearer' : 'DPoP',
        }
      : { active: false };
  }

  /** An unknown token is no error (RFC 7009 2.2). A token of another client is one (RFC 7009 2.1). */
  #revoke(context: KoaContextWithOIDC, living: LivingJwt | undefined, clientId: string): void {
    if (living !== undefined && living.record.clientId !== clientId) {
      context.status = 400;
      context.body = { error: 'unauthorized_client', error_description: 'the token belongs to another client' };
      return;
    }
    if (living !== undefined) this.#jwts.end(living);
    context.body = '';
  }
}

/**
 * RFC 6749 5.2 has codes of its own for a client that does not identify itself, and for one that may not use the grant.
 */
function sayWhichError(context: KoaContextWithOIDC, body: ErrorBody): void {
  const { client, params } = context.oidc;
  if (params === undefined) return;
  if (client !== undefined) {
    const grant = params['grant_type'] as string | undefined;
    if (grant !== undefined && !client.grantTypeAllowed(grant)) body.error = 'unauthorized_client';
  } else if (context.headers.authorization === undefined && params['client_id'] === undefined) {
    context.status = 401;
    context.body = { error: 'invalid_client', error_description: 'the client has to authenticate itself' };
  }
}
