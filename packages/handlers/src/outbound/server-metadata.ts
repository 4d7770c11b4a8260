import { ConfigurationError, UpstreamError } from '@sallyport/core';
import { parseStrictJson } from '../token/strict-json.js';
import { UnexpectedStatus } from './outbound-answer.js';
import type { OutboundClient } from './outbound-client.js';
import { checkedEndpoint } from './outbound-options.js';

/** What an authorization server says about itself (RFC 8414 2). */
export type ServerMetadata = Readonly<Record<string, unknown>>;

const MEDIA_TYPES = ['application/json'];
const MAX_METADATA_BYTES = 256 * 1_024;

/**
 * Asks an issuer for its metadata: at the place of RFC 8414 3.1, then, where there is nothing, at that of OpenID
 * Connect Discovery 4. A document that names another issuer is not its word (RFC 8414 3.3).
 * @throws {UpstreamError} when there is no usable document
 */
export async function discoverMetadata(issuer: string, client: OutboundClient): Promise<ServerMetadata> {
  const [preferred, alternative] = metadataLocations(issuer);
  const body = await fetchDocument(preferred, client).catch((error: unknown) => {
    if (error instanceof UnexpectedStatus && error.status === 404) return fetchDocument(alternative, client);
    throw error;
  });
  const metadata = parseStrictJson(body);
  if (metadata === undefined) throw unusable('the metadata is no JSON object');
  if (metadata['issuer'] !== issuer) throw unusable('the metadata names another issuer');
  return metadata;
}

/**
 * An endpoint that the metadata name; it has to be fit to be called like a configured one.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_BODY
 */
export function endpointOf(metadata: ServerMetadata, name: string, client: OutboundClient): URL {
  const value = metadata[name];
  if (typeof value !== 'string') throw unusable(`the metadata have no ${name}`);
  try {
    return checkedEndpoint(value, name, client.settings);
  } catch (error) {
    if (error instanceof ConfigurationError) throw unusable(`the metadata have an unfit ${name}`);
    throw error;
  }
}

/** RFC 8414 puts the well-known part before the issuer's path, OpenID Connect behind it. */
function metadataLocations(issuer: string): readonly [preferred: URL, alternative: URL] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  const inserted = new URL(url);
  inserted.pathname = `/.well-known/oauth-authorization-server${path}`;
  const appended = new URL(url);
  appended.pathname = `${path}/.well-known/openid-configuration`;
  return [inserted, appended];
}

async function fetchDocument(url: URL, client: OutboundClient): Promise<Buffer> {
  const answer = await client.send({ url, method: 'GET', mediaTypes: MEDIA_TYPES, maxBytes: MAX_METADATA_BYTES });
  return answer.body;
}

function unusable(message: string): UpstreamError {
  return new UpstreamError('ERR_SALLYPORT_UPSTREAM_BODY', message);
}
