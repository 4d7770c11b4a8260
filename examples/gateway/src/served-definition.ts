import { type OpenApiOptions, servedDefinition } from '@sallyport/openapi';
import { stringify } from 'yaml';
import type { Definition, Origins } from './definition.js';

/**
 * What is enforced, with the addresses of this gateway. Where users log in has been discovered; tokens are issued at a port
 * of their own, which the metadata do not know.
 */
export async function gatewayDefinition(
  written: string,
  contract: OpenApiOptions,
  { origin, tokenOrigin }: Origins,
): Promise<Definition> {
  const endpoints = { OAuth2Security: { tokenUrl: `${tokenOrigin}/token` } };
  const json = await servedDefinition(written, { ...contract, origins: [origin], endpoints });
  return { json, yaml: stringify(json) };
}
