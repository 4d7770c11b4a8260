import type { SecurityScheme } from '@sallyport/core';
import { type CircuitFigure, type Eventually, option } from '@sallyport/core/extend';
import { NO_ISSUER } from '../jose/compact-jws.js';
import { said, unlike } from '../token/details.js';
import { nearestName } from '../token/nearest-name.js';
import { Issuer, type IssuerCollaborators } from './issuer.js';
import { IssuerResolver, type TokenSender } from './issuer-resolver.js';
import type { JwtSettings } from './jwt-options.js';

/** Why a token is left to other handlers, and the cause by which `fixes` say what to change. */
export interface Strangeness {
  readonly detail: string;
  readonly cause: string;
}

/** Every issuer that a handler trusts, each with its own keys: a token of one is never tried with those of another. */
export class Issuers {
  /** The entries of an issuer, by its name; that of tokens without an issuer by `NO_ISSUER`. */
  readonly #configured = new Map<string, Issuer[]>();
  readonly #resolver: IssuerResolver | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(
    { issuers: trusted, issuerResolver: resolver }: JwtSettings,
    collaborators: Omit<IssuerCollaborators, 'warned'>,
  ) {
    if (trusted.length === 0 && resolver === undefined) {
      throw option.invalid('JwtHandlerOptions', 'must have issuers or an issuerResolver');
    }
    const services = { ...collaborators, warned: new Set<string>() };
    trusted.forEach((settings, index) => {
      const name = `JwtHandlerOptions.issuers[${index}]`;
      const issuer = new Issuer(settings, name, services);
      const key = settings.allowMissingIssuer ? NO_ISSUER : settings.issuer;
      const entries = this.#configured.get(key) ?? [];
      this.#configured.set(key, [...entries, issuer]);
    });
    this.#resolver = resolver && new IssuerResolver(resolver, services);
  }

  /** The names of all configured issuers. */
  get names(): readonly string[] {
    return this.#entries().map(({ settings }) => settings.issuer);
  }

  /** What the metadata of configured issuers tell clients, as far as they have been read. */
  get securitySchemes(): readonly SecurityScheme[] {
    return this.#entries().flatMap(({ keys }) => keys.securitySchemes ?? []);
  }

  /** Whether keys are fetched, or not for a while after failures. */
  get circuits(): readonly CircuitFigure[] {
    const ofEntries = this.#entries().flatMap(({ keys }) => keys.circuits ?? []);
    return [...ofEntries, ...(this.#resolver?.circuits ?? [])];
  }

  trusts(name: string): boolean {
    return this.#configured.has(name) || (name !== NO_ISSUER && this.#resolver?.trusts(name) === true);
  }

  /** Why an issuer is not trusted, for operators. `undefined` stands for one that cannot be read. */
  strange(name: string | undefined): Strangeness {
    if (name === undefined) {
      return { detail: 'iss is no text, or the claims cannot be read', cause: 'token_unreadable' };
    }
    const { names } = this;
    const value = name === NO_ISSUER ? undefined : name;
    const detail = names.length === 0 ? `${said('iss', value)}, not trusted` : unlike('iss', value, names);
    if (value === undefined) return { detail, cause: 'issuer_unnamed' };
    return { detail, cause: nearestName(value, names) === undefined ? 'issuer_unknown' : 'issuer_misspelt' };
  }

  /** The entries of an issuer, none when it does not exist. Rejects with an `UpstreamError` when nobody can tell. */
  find(name: string, sender: TokenSender): Eventually<readonly Issuer[]> {
    const entries = this.#configured.get(name);
    if (entries !== undefined) return entries;
    const resolved = this.#resolver?.find(name, sender);
    return resolved instanceof Promise ? resolved.then(orNone) : orNone(resolved);
  }

  /** Fetches the keys of all configured issuers. Rejects with the first failure, after all have been tried. */
  async start(): Promise<void> {
    const results = await Promise.allSettled(this.#entries().map(async ({ keys }) => keys.start?.()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries().map(async ({ keys }) => keys.close?.()), this.#resolver?.close()]);
  }

  #entries(): readonly Issuer[] {
    return [...this.#configured.values()].flat();
  }
}

function orNone(entries: readonly Issuer[] | undefined): readonly Issuer[] {
  return entries ?? [];
}
