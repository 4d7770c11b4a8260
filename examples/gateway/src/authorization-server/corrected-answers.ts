import type { KoaContextWithOIDC } from 'oidc-provider';

interface ErrorBody {
  error?: string;
  error_description?: string;
}

/** The endpoints at which clients authenticate themselves. */
const CLIENT_ENDPOINTS: readonly (string | undefined)[] = ['token', 'revocation', 'introspection'];

/** Changes the answers in which oidc-provider keeps to the RFCs less closely than this server does. */
export async function correctAnswer(context: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  if (!CLIENT_ENDPOINTS.includes(context.oidc?.route)) return;
  const body = context.body as ErrorBody | undefined;
  if (body?.error === 'unsupported_token_type' && context.oidc.route === 'introspection') sayInactive(context);
  else if (body?.error === 'invalid_request') sayWhichError(context, body);
  if (context.status === 401 && !context.response.get('WWW-Authenticate')) {
    context.set('WWW-Authenticate', `Basic realm="${context.oidc.provider.issuer}"`);
  }
}

/**
 * A token that the server cannot look up is not active, and no error (RFC 7662 2.2): otherwise whoever sends the
 * gateway something that looks like a JWT makes its authorization server look broken.
 */
function sayInactive(context: KoaContextWithOIDC): void {
  context.status = 200;
  context.body = { active: false };
}

/** RFC 6749 5.2 has codes of their own for a client that does not tell who it is, and for one without the grant. */
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
