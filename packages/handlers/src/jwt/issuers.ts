import { type Eventually, option } from '@sallyport/core/extend';
import { Issuer, type IssuerCollaborators } from './issuer.js';
import { IssuerResolver, type TokenSender } from './issuer-resolver.js';
import type { JwtSettings } from './jwt-options.js';

/** Every issuer that a handler trusts, each with its own keys: a token of one is never tried with those of another. */
export class Issuers {
  readonly #configured = new Map<string, Issuer>();
  readonly #resolver: IssuerResolver | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor({ issuers: trusted, issuerResolver: resolver }: JwtSettings, services: IssuerCollaborators) {
    if (trusted.length === 0 && resolver === undefined) {
      throw option.invalid('JwtHandlerOptions', 'must have issuers or an issuerResolver');
    }
    trusted.forEach((settings, index) => {
      const name = `JwtHandlerOptions.issuers[${index}]`;
      const issuer = new Issuer(settings, name, services);
      if (this.#configured.has(settings.issuer)) throw option.invalid(`${name}.issuer`, 'must be there only once');
      this.#configured.set(settings.issuer, issuer);
    });
    this.#resolver = resolver && new IssuerResolver(resolver, services);
  }

  trusts(name: string): boolean {
    return this.#configured.has(name) || this.#resolver?.trusts(name) === true;
  }

  /** The issuer, `undefined` when it does not exist. Rejects with an `UpstreamError` when nobody can tell. */
  find(name: string, sender: TokenSender): Eventually<Issuer | undefined> {
    return this.#configured.get(name) ?? this.#resolver?.find(name, sender);
  }

  /** Fetches the keys of all configured issuers. Rejects with the first failure, after all have been tried. */
  async start(): Promise<void> {
    const issuers = [...this.#configured.values()];
    const results = await Promise.allSettled(issuers.map(async ({ keys }) => keys.start?.()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    const issuers = [...this.#configured.values()];
    await Promise.all([...issuers.map(async ({ keys }) => keys.close?.()), this.#resolver?.close()]);
  }
}
