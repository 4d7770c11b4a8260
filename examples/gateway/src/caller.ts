import type { Principal } from '@sallyport/core';
import { SUPER_TENANT } from './users.js';

/** The caller of an operation. Everything about it comes from the principal. */
export interface Caller {
  /** Absent when a machine calls for itself. */
  readonly user: string | undefined;
  /** The application through which it is called, or the owner of the API key. */
  readonly client: string | undefined;
  readonly scopes: readonly string[];
  readonly tenant: string;
}

export function callerOf({ kind, subject, clientId, scopes, claims }: Principal): Caller {
  const tenant = claims['tenant_domain'];
  return {
    user: kind === 'user' ? subject : undefined,
    client: clientId ?? (kind === 'client' ? subject : undefined),
    scopes,
    tenant: typeof tenant === 'string' ? tenant : '',
  };
}

/** True when a caller may use what belongs to a tenant: its own tenant or, for the super tenant, any. */
export function mayReach({ tenant: own }: Caller, tenant: string): boolean {
  return own === SUPER_TENANT || (own !== '' && own === tenant);
}
