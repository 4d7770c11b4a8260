import { type SecurityScheme, UpstreamError } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { problemAt } from '../outbound/outbound-answer.js';
import type { OutboundClient } from '../outbound/outbound-client.js';
import { discoverMetadata, endpointOf, type MetadataSource, schemesIn } from '../outbound/server-metadata.js';

/** A key set as it was fetched. */
export interface FetchedKeys {
  readonly url: URL;
  readonly document: Readonly<Record<string, unknown>>;
  /** How long the server wants it to be used (RFC 9111 5.2.2.1), in seconds. */
  readonly maxAgeSeconds: number | undefined;
}

const MEDIA_TYPES = ['application/jwk-set+json', 'application/json', 'application/jwk+json'];
const MAX_KEY_SET_BYTES = 512 * 1_024;

/** Where an issuer publishes its keys: at a configured URL, or where its metadata say (RFC 8414 2 `jwks_uri`). */
export class KeyServer {
  /** What the metadata told the clients of the issuer when they were read last. */
  securitySchemes: readonly SecurityScheme[] = [];
  readonly #source: MetadataSource;
  readonly #configured: URL | undefined;
  readonly #client: OutboundClient;
  #discovered: URL | undefined;

  constructor(jwksUri: URL | undefined, source: MetadataSource, { client }: { client: OutboundClient }) {
    this.#configured = jwksUri;
    this.#source = source;
    this.#client = client;
  }

  /** @throws {UpstreamError} when there is no usable answer */
  async fetch(): Promise<FetchedKeys> {
    const url = this.#configured ?? this.#discovered ?? (await this.#discover());
    // Kept only after a success: keys that are no longer found may have moved.
    this.#discovered = undefined;
    const answer = await this.#client.send({
      url,
      method: 'GET',
      mediaTypes: MEDIA_TYPES,
      maxBytes: MAX_KEY_SET_BYTES,
    });
    const document = parseStrictJson(answer.body);
    if (document === undefined)
      throw new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', problemAt(url, 'the key set is no JSON object'));
    this.#discovered = url;
    return { url, document, maxAgeSeconds: maxAgeOf(answer.headers['cache-control']) };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #discover(): Promise<URL> {
    const client = this.#client;
    return discoverMetadata(this.#source, client, (metadata, place) => {
      const url = endpointOf(metadata, 'jwks_uri', client);
      this.securitySchemes = schemesIn(metadata, this.#source, { place, client });
      return url;
    });
  }
}

const NO_STORE = /(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i;
const MAX_AGE = /(?:^|[\s,])max-age="?(\d{1,9})"?(?:$|[\s,])/i;

function maxAgeOf(cacheControl: string | string[] | undefined): number | undefined {
  const value = String(cacheControl ?? '');
  if (NO_STORE.test(value)) return 0;
  const seconds = MAX_AGE.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
