import {
  authenticated,
  createPrincipal,
  denied,
  forbidden,
  type Malformed,
  malformed,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { bearerChallenge, Secret, type SecurityRequest, systemClock } from '@sallyport/core/extend';

/** What a verifier of the SDK says of a token: its `AuthInfo`. */
export interface McpVerifiedToken {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** In seconds since the epoch. A token without it is refused. */
  readonly expiresAt?: number | undefined;
  /** The server that the token was issued for. */
  readonly resource?: URL | undefined;
  /** Becomes the claims of the principal. `sub` and `iss` there are its subject and issuer. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** `OAuthTokenVerifier` of either SDK. It throws an error whose `code` or `errorCode` is `invalid_token` for a bad token. */
export interface McpTokenVerifier {
  verifyAccessToken(token: string): Promise<McpVerifiedToken>;
}

/** What to change, by reason. docs/error-codes.md has the same texts. */
export const VERIFIER_FIXES: Readonly<Record<string, string>> = {
  token_refused: 'Look into verifyAccessToken: it threw invalid_token.',
  token_expired: 'Get a new token. If it is new, look at the clocks of both servers.',
  token_without_expiry: 'Let verifyAccessToken tell expiresAt.',
};

/** The syntax of a bearer token (RFC 6750 2.1). */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Asks a verifier of the SDK about each bearer token. An error that says nothing of the token is an outage: 503, and not 401. It
 * remembers nothing, and what was revoked is not known to it.
 */
export class VerifierHandler implements SecurityHandler<Secret> {
  readonly name = 'verifier';
  readonly source = 'authorization:bearer';
  readonly challenges = Object.freeze([bearerChallenge('mcp')]);
  readonly fixes = VERIFIER_FIXES;
  readonly #verifier: McpTokenVerifier;

  constructor(verifier: McpTokenVerifier) {
    this.#verifier = verifier;
  }

  extract({ authorization }: SecurityRequest): Secret | Malformed | undefined {
    if (authorization.kind !== 'credentials' || authorization.scheme !== 'bearer') return undefined;
    return B64TOKEN.test(authorization.value) ? new Secret(authorization.value) : malformed('bearer_token_malformed');
  }

  async verify(token: Secret): Promise<Verdict> {
    let told: McpVerifiedToken;
    try {
      told = await this.#verifier.verifyAccessToken(token.reveal());
    } catch (error) {
      return refusalBy(error);
    }
    const { clientId, scopes, expiresAt, resource, extra = {} } = told;
    if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)) return denied('token_without_expiry');
    if (expiresAt <= systemClock.now() / 1_000) return denied('token_expired');
    const { sub, iss } = extra;
    return authenticated(
      createPrincipal({
        subject: typeof sub === 'string' && sub !== '' ? sub : clientId,
        issuer: typeof iss === 'string' ? iss : undefined,
        clientId,
        scopes: [...scopes],
        audience: resource === undefined ? [] : spellingsOf(resource),
        expiresAt,
        claims: { ...extra },
      }),
    );
  }
}

/** Without a fragment, and as both SDKs compare: with or without a slash at the end. */
function spellingsOf(resource: URL): string[] {
  const { href } = new URL(resource);
  const bare = href.replace(/#.*$/s, '').replace(/\/$/, '');
  return [bare, `${bare}/`];
}

/** SDK 1 names the code `errorCode`. */
function refusalBy(error: unknown): Verdict {
  const { errorCode, code = errorCode } = (error ?? {}) as { readonly errorCode?: unknown; readonly code?: unknown };
  if (code === 'invalid_token') return denied('token_refused');
  if (code === 'insufficient_scope') return forbidden('insufficient_scope');
  return unavailable(error);
}
