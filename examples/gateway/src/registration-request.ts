/** Refuses a registration with this answer. */
export class RegistrationRefused extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: 400 | 403, title: string, description: string) {
    super(description);
    this.status = status;
    this.title = title;
  }
}

/** The documented payload of `POST /client-registration/v0.17/register`, checked. */
export interface RegistrationRequest {
  readonly clientName: string;
  readonly owner: string;
  readonly callbackUrl: string;
  readonly grantTypes: readonly string[];
  readonly saasApp: boolean;
  readonly tokenType: 'JWT' | undefined;
  /** Whether its tokens shall be bound to its certificate (RFC 8705 3.4). */
  readonly isCertificateBound: boolean;
}

const SUPPORTED_GRANTS = ['password', 'refresh_token', 'client_credentials', 'authorization_code'];
/** Grants that send the user back to the application. */
const REDIRECTING_GRANTS = ['authorization_code', 'implicit'];

/**
 * Reads the payload. Without a callback URL the redirecting grants drop out; with one, `authorization_code` needs a
 * real absolute https URL, or http on a loopback host (RFC 8252 7.3).
 * @throws {RegistrationRefused} 400
 */
export function readRegistration(payload: unknown): RegistrationRequest {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw bad('the body must be an object');
  const fields = payload as Record<string, unknown>;
  const callbackUrl = textOf(fields, 'callbackUrl', '').trim();
  const grantTypes = grantsOf(textOf(fields, 'grantType', ''), callbackUrl);
  return {
    clientName: requiredText(fields, 'clientName'),
    owner: requiredText(fields, 'owner'),
    callbackUrl,
    grantTypes,
    saasApp: flagOf(fields, 'saasApp'),
    isCertificateBound: flagOf(fields, 'tls_client_certificate_bound_access_tokens'),
    tokenType: textOf(fields, 'tokenType', '').toUpperCase() === 'JWT' ? 'JWT' : undefined,
  };
}

function grantsOf(list: string, callbackUrl: string): readonly string[] {
  const asked = [...new Set(list.split(/\s+/).filter((grant) => grant !== ''))];
  const kept = callbackUrl === '' ? asked.filter((grant) => !REDIRECTING_GRANTS.includes(grant)) : asked;
  const unknown = kept.find((grant) => !SUPPORTED_GRANTS.includes(grant));
  if (unknown !== undefined) throw bad(`grantType takes ${SUPPORTED_GRANTS.join(', ')}, separated by spaces`);
  if (kept.includes('authorization_code') && !isRedirectUri(callbackUrl)) {
    throw bad('authorization_code needs a callbackUrl that is an absolute https URL, or http on a loopback host');
  }
  return kept;
}

/**
 * URL parsers forgive many mistakes. They are refused here first, so that everybody reads the address in the same way.
 */
const ABSOLUTE_URL = /^https?:\/\/[A-Za-z0-9\-._~!$&'()*+,;=:[\]%]+(?:[/?][A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?$/i;

function isRedirectUri(callbackUrl: string): boolean {
  if (!ABSOLUTE_URL.test(callbackUrl) || !URL.canParse(callbackUrl)) return false;
  const { protocol, hostname } = new URL(callbackUrl);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}

function requiredText(fields: Record<string, unknown>, name: string): string {
  const value = textOf(fields, name, '').trim();
  if (value === '') throw bad(`${name} must be a non-empty string`);
  return value;
}

function textOf(fields: Record<string, unknown>, name: string, fallback: string): string {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'string' || value.length > 1_024)
    throw bad(`${name} must be a string of at most 1024 characters`);
  return value;
}

function flagOf(fields: Record<string, unknown>, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean') throw bad(`${name} must be true or false`);
  return value;
}

function bad(description: string): RegistrationRefused {
  return new RegistrationRefused(400, 'Bad Request', description);
}
