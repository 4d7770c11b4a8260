import { type SecurityScheme, UpstreamError } from '@sallyport/core';
import { type CircuitFigure, type Clock, type Eventually, option } from '@sallyport/core/extend';
import type { OutboundClient } from '../outbound/outbound-client.js';
import { checkedEndpoint } from '../outbound/outbound-options.js';
import { PacedTask } from '../outbound/paced-task.js';
import {
  discoverMetadata,
  endpointOf,
  type MetadataSource,
  type ServerMetadata,
  schemesIn,
} from '../outbound/server-metadata.js';

/** Where tokens are introspected. */
export interface IntrospectionEndpoint {
  /** What the metadata that led to it tell the clients of the server. */
  readonly securitySchemes: readonly SecurityScheme[];
  /** The URL. Rejects with an `UpstreamError` when it is unknown. */
  find(): Eventually<URL>;
  /** A call there failed: the endpoint may have moved. */
  doubt(): void;
  /** Whether it is looked up, or not for a while after failures. */
  readonly circuits: readonly CircuitFigure[];
}

export class ConfiguredEndpoint implements IntrospectionEndpoint {
  readonly circuits: readonly CircuitFigure[] = [];
  readonly securitySchemes = [];
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
  }

  find(): URL {
    return this.#url;
  }

  doubt(): void {}
}

/** Services of an endpoint that has to be found. */
export interface EndpointCollaborators {
  readonly client: OutboundClient;
  readonly clock: Clock;
  /** Told that it was not found, also where an earlier address stays in use. */
  readonly onFailure: (error: UpstreamError) => void;
}

const MAX_AGE_MS = 3_600_000;
/** After a failure, the endpoint is looked up again when it is this old. It may have moved, but usually it has not. */
const DOUBTED_AGE_MS = 30_000;

/**
 * The endpoint that the metadata of an issuer name (RFC 8414 2). It is looked up again every hour and after failures.
 * No request waits for that while an endpoint is known.
 */
export class DiscoveredEndpoint implements IntrospectionEndpoint {
  securitySchemes: readonly SecurityScheme[] = [];
  readonly #source: MetadataSource;
  readonly #client: OutboundClient;
  readonly #clock: Clock;
  readonly #usesMutualTls: boolean;
  readonly #onFailure: (error: UpstreamError) => void;
  readonly #discovery: PacedTask;
  #url: URL | undefined;
  #foundAtMs = 0;
  #refreshAtMs = 0;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID */
  constructor(
    options: { issuer: string; metadataUrl: string | undefined; usesMutualTls: boolean },
    { client, clock, onFailure }: EndpointCollaborators,
  ) {
    this.#source = metadataSource(options, client);
    this.#usesMutualTls = options.usesMutualTls;
    this.#client = client;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#discovery = new PacedTask(() => this.#discover(), clock);
  }

  get circuits(): readonly CircuitFigure[] {
    return [{ calls: 'metadata', server: this.#source.issuer, state: this.#discovery.state }];
  }

  find(): Eventually<URL> {
    if (this.#url === undefined) return this.#findFirst();
    if (this.#clock.monotonic() >= this.#refreshAtMs) this.#discovery.run();
    return this.#url;
  }

  doubt(): void {
    this.#refreshAtMs = Math.min(this.#refreshAtMs, this.#foundAtMs + DOUBTED_AGE_MS);
  }

  async #findFirst(): Promise<URL> {
    await this.#discovery.run();
    if (this.#url === undefined) throw this.#discovery.outage();
    return this.#url;
  }

  async #discover(): Promise<void> {
    try {
      const client = this.#client;
      this.#url = await discoverMetadata(this.#source, client, (metadata, place) => {
        const url = endpointOf(this.#aliases(metadata), 'introspection_endpoint', client);
        this.securitySchemes = schemesIn(metadata, this.#source, { place, client });
        return url;
      });
    } catch (error) {
      if (error instanceof UpstreamError) this.#onFailure(error);
      throw error;
    }
    this.#foundAtMs = this.#clock.monotonic();
    this.#refreshAtMs = this.#foundAtMs + MAX_AGE_MS;
  }

  /** Servers may take client certificates at other addresses only (RFC 8705 5). */
  #aliases(metadata: ServerMetadata): ServerMetadata {
    const aliases: unknown = metadata['mtls_endpoint_aliases'];
    const isObject = typeof aliases === 'object' && aliases !== null;
    return this.#usesMutualTls && isObject ? { ...metadata, ...aliases } : metadata;
  }
}

function metadataSource(
  { issuer, metadataUrl }: { readonly issuer: string; readonly metadataUrl: string | undefined },
  { settings }: OutboundClient,
): MetadataSource {
  const owner = 'IntrospectionHandlerOptions';
  if (metadataUrl !== undefined) return { issuer, url: checkedEndpoint(metadataUrl, `${owner}.metadataUrl`, settings) };
  const { search } = checkedEndpoint(issuer, `${owner}.issuer`, settings);
  if (search !== '') throw option.invalid(`${owner}.issuer`, 'must have no query (RFC 8414 2)');
  return { issuer };
}
