import type { ApiKeyRecord } from '@sallyport/handlers/api-key';

/** What a server of a test serves, as data: it runs in another process. */
export type Settings = { readonly serves: 'corpus' } | HandlerSettings;

export interface HandlerSettings {
  readonly serves: 'handlers';
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly introspectionEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly keySecret: string;
  readonly keys: readonly ApiKeyRecord[];
  readonly accounts: readonly { readonly name: string; readonly hash: string }[];
  /** The header in which the platform tells the address of the client. */
  readonly addressHeader?: string;
}
