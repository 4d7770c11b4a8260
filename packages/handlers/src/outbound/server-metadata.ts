import { ConfigurationError, type SecurityScheme, UpstreamError } from '@sallyport/core';
import { parseStrictJson, quoted } from '@sallyport/core/extend';
import { problemAt, UnexpectedStatus } from './outbound-answer.js';
import type { OutboundClient } from './outbound-client.js';
import { checkedEndpoint } from './outbound-options.js';

/** What an authorization server says about itself (RFC 8414 2). */
export type ServerMetadata = Readonly<Record<string, unknown>>;

/** Whose metadata, and where they are if that does not follow from the issuer. */
export interface MetadataSource {
  readonly issuer: string;
  readonly url?: URL | undefined;
}

const MEDIA_TYPES = ['application/json'];
const MAX_METADATA_BYTES = 256 * 1_024;

/**
 * Asks an issuer for its metadata: at the place of RFC 8414 3.1, then at that of OpenID Connect Discovery 4. An answer
 * that is not this issuer's word leads to the next place, because servers that know only the second place answer all
 * kinds of things at the first. A document that names another issuer never counts (RFC 8414 3.3). Without any answer,
 * the second place of the same host is not tried. A place that is configured is the only one.
 * @param read what is needed of the metadata, which were found at `place`; metadata that it throws for are no usable document
 * @throws {UpstreamError} when there is no usable document; the message tells what was wrong at each place
 * @example
 * const metadata = await discoverMetadata({ issuer: 'https://as.example' }, client);
 * const url = endpointOf(metadata, 'introspection_endpoint', client);
 */
export async function discoverMetadata<Found = ServerMetadata>(
  { issuer, url }: MetadataSource,
  client: OutboundClient,
  read: (metadata: ServerMetadata, place: URL) => Found = (metadata) => metadata as Found,
): Promise<Found> {
  const failures: string[] = [];
  let last: UpstreamError | undefined;
  for (const place of url === undefined ? metadataLocations(issuer) : [url]) {
    try {
      const body = await fetchDocument(place, client);
      return readAt(place, () => read(metadataOf(issuer, body), place));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failures.push(error.message);
      last = error;
      if (!isAnswer(error)) break;
    }
  }
  throw failureOf(failures, last as UpstreamError);
}

/** Errors of the call name their place themselves. */
function readAt<Found>(place: URL, read: () => Found): Found {
  try {
    return read();
  } catch (error) {
    throw error instanceof UpstreamError ? unusable(problemAt(place, error.message)) : error;
  }
}

/** True when the server answered, though not with what was asked for. */
function isAnswer(error: UpstreamError): boolean {
  return error instanceof UnexpectedStatus || error.code === 'ERR_SALLYPORT_UPSTREAM_BODY';
}

function failureOf(failures: readonly string[], { code, retryAfterSeconds }: UpstreamError): UpstreamError {
  const pause = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new UpstreamError(code, `the metadata were not found at ${failures.join('; ')}`, pause);
}

function metadataOf(issuer: string, body: Buffer): ServerMetadata {
  const metadata = parseStrictJson(body);
  if (metadata === undefined) throw unusable('the metadata is no JSON object');
  const actual = metadata['issuer'];
  if (actual !== issuer)
    throw unusable(`the metadata name another issuer: ${quoted(actual)} instead of ${quoted(issuer)}`);
  return metadata;
}

/**
 * An endpoint that the metadata name; it has to be fit to be called like a configured one.
 * @throws {UpstreamError} ERR_SALLYPORT_UPSTREAM_BODY
 * @example
 * const metadata = await discoverMetadata({ issuer: 'https://as.example' }, client);
 * const url = endpointOf(metadata, 'userinfo_endpoint', client);
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

/**
 * What the metadata tell the clients of the server, as OpenAPI describes it: its endpoints, and where metadata are for
 * everybody. An endpoint that is not fit to be published is left out.
 */
export function schemesIn(
  metadata: ServerMetadata,
  { issuer, url }: MetadataSource,
  { place, client }: { readonly place: URL; readonly client: OutboundClient },
): readonly SecurityScheme[] {
  const [atRfc8414, atOpenId] = URL.canParse(issuer) ? metadataLocations(issuer).map(({ href }) => href) : [];
  const wasFoundAt = (known: string | undefined) => url === undefined && place.href === known;
  // Every provider of OpenID Connect has both, the member and the place (OpenID Connect Discovery 3, 4).
  const isProvider = Array.isArray(metadata['subject_types_supported']) || wasFoundAt(atOpenId);
  const endpoints = Object.entries(ENDPOINTS).flatMap(([member, name]) => {
    const value = metadata[name];
    return isFit(value, client) ? [[member, value]] : [];
  });
  const oauth2: SecurityScheme = {
    type: 'oauth2',
    ...Object.fromEntries(endpoints),
    ...(wasFoundAt(atRfc8414) && { oauth2MetadataUrl: place.href }),
  };
  return isProvider && atOpenId !== undefined
    ? [oauth2, { type: 'openIdConnect', openIdConnectUrl: atOpenId }]
    : [oauth2];
}

/** Members of OpenAPI (OpenAPI 3.2.0 4.29), and what metadata call them (RFC 8414 2, RFC 8628 4). */
const ENDPOINTS = {
  authorizationUrl: 'authorization_endpoint',
  tokenUrl: 'token_endpoint',
  deviceAuthorizationUrl: 'device_authorization_endpoint',
} as const;

function isFit(value: unknown, { settings }: OutboundClient): boolean {
  try {
    return typeof value === 'string' && checkedEndpoint(value, '', settings) instanceof URL;
  } catch {
    return false;
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
