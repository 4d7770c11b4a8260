/** The part of oidc-provider that is used. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }
  interface Interaction {
    readonly prompt: {
      readonly name: string;
      readonly details: {
        readonly missingOIDCScope?: readonly string[];
        readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
      };
    };
    readonly params: { readonly client_id: string };
    readonly session?: { readonly accountId: string };
    readonly grantId?: string;
  }
  interface Configuration {
    readonly interactions: { url(context: unknown, interaction: { readonly uid: string }): string };
    findAccount(context: unknown, accountId: string): object;
    readonly features: {
      readonly resourceIndicators: {
        getResourceServerInfo(context: unknown, audience: string): object;
        readonly [name: string]: unknown;
      };
      readonly [name: string]: unknown;
    };
    readonly [name: string]: unknown;
  }
  export default class Provider {
    readonly Grant: {
      new (init: { accountId: string | undefined; clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    constructor(issuer: string, configuration: Configuration);
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options?: object,
    ): Promise<void>;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
