import { type CounterStore, constantTimeEqual } from '@sallyport/core/extend';
import { BasicHandler, hashPassword, InMemoryUserStore } from '@sallyport/handlers/basic';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { PasswordCheck } from '../password-check.js';
import { OAuthError } from './oauth-error.js';

/** The secrets are random, so the cheapest hash will do. */
const HASHING = { algorithm: 'scrypt', logCost: 14, blockSize: 1 } as const;

/** The part of a client of oidc-provider that is about its secret. */
interface SecretHolder {
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  compareClientSecret(secret: string): boolean | Promise<boolean>;
}

/** Checks the secrets of registered clients, with a budget of failures for each client and network. */
export class ClientSecrets {
  readonly #store = new InMemoryUserStore();
  readonly #check: PasswordCheck;
  readonly #currentContext: () => KoaContextWithOIDC | undefined;

  constructor(realm: string, counterStore: CounterStore, currentContext: () => KoaContextWithOIDC | undefined) {
    const options = { name: 'client', realm, users: this.#store, hashing: HASHING };
    const handler = new BasicHandler(options, { counterStore });
    this.#check = new PasswordCheck('client', handler);
    this.#currentContext = currentContext;
  }

  async add(clientId: string, secret: string): Promise<void> {
    this.#store.set({ name: clientId, hash: await hashPassword(secret, HASHING) });
  }

  /**
   * Makes oidc-provider check secrets here. `exempt` is the gateway's own client, which has no budget of failures: its
   * secret never leaves the process, and nobody may block introspection by guessing at it.
   */
  attach(provider: Provider, exempt: string): void {
    const compare = (clientId: string, secret: string) => this.#matches(clientId, secret);
    const clients = provider.Client.prototype as unknown as SecretHolder;
    clients.compareClientSecret = function compareClientSecret(this: SecretHolder, secret) {
      if (this.clientId === exempt) return constantTimeEqual(secret, this.clientSecret ?? '');
      return compare(this.clientId, secret);
    };
  }

  close(): Promise<void> {
    return this.#check.close();
  }

  async #matches(clientId: string, secret: string): Promise<boolean> {
    const context = this.#currentContext();
    const origin = { door: `/${context?.oidc.route}`, address: context?.req.socket.remoteAddress };
    const checked = await this.#check.check(clientId, secret, origin);
    if ('name' in checked) return checked.name === clientId;
    if (checked.status === 401) return false;
    if (checked.retryAfter !== undefined) context?.set('Retry-After', checked.retryAfter);
    throw OAuthError.ofCheck('invalid_client', checked.status);
  }
}
