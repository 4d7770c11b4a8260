import { anyOf, type SecurityChainOptions } from '@sallyport/core';
import type { RequestParts } from '@sallyport/core/testing';
import { basic, bearer } from './scripted-handlers.js';

/** A request to a chain, and the whole answer. */
export interface StatusRow {
  readonly rule: string;
  readonly chain: SecurityChainOptions;
  /** Default `GET /`. */
  readonly line?: string;
  readonly sends: RequestParts;
  readonly status: number;
  readonly reason: string;
  /** The body's public code. */
  readonly code: string;
  readonly challenges: readonly string[];
  readonly retryAfter?: string;
  readonly scopes?: readonly string[];
}

export const BEARER = 'Bearer realm="api"';
export const BASIC = 'Basic realm="api", charset="UTF-8"';
export const KEY = 'ApiKey header="X-Key"';
export const INVALID_TOKEN =
  'Bearer realm="api", error="invalid_token", error_description="The access token is missing, expired, revoked or otherwise not valid."';
export const INVALID_REQUEST =
  'Bearer realm="api", error="invalid_request", error_description="The request is malformed or carries its credentials in more than one way."';
export const INSUFFICIENT_SCOPE = (scope: string) =>
  `Bearer realm="api", error="insufficient_scope", error_description="The access token does not carry a scope that this operation needs.", scope="${scope}"`;

export const bearerOrBasic = () => ({ requirement: anyOf(bearer(), basic()) });
export const TOKEN: RequestParts = { bearer: 'token' };
export const NOTHING: RequestParts = {};
export const MISSING = { status: 401, reason: 'credentials_missing', code: 'unauthenticated' } as const;
export const AMBIGUOUS = { status: 400, code: 'invalid_request' } as const;
export const UNRECOGNISED = { status: 401, reason: 'credentials_unrecognised' } as const;
export const UNAVAILABLE = { status: 503, code: 'temporarily_unavailable', challenges: [] } as const;
