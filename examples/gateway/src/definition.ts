import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The definition of the API. The contract that is enforced is the one that is served. */
export interface Definition {
  readonly yaml: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The addresses at which clients reach the two ports. */
export interface Origins {
  /** API, client registration and authorization server. */
  readonly origin: string;
  /** Token endpoint. */
  readonly tokenOrigin: string;
}

/** Path under which the API is mounted. */
export const BASE_PATH = '/api/am/gateway/v1';

/** The origins that stand in the file. */
const WRITTEN = /https:\/\/localhost:(9443|8243)/g;

/** The definition with the addresses at which this gateway listens. */
export function readDefinition({ origin, tokenOrigin }: Origins): Definition {
  const written = readFileSync(new URL('../gateway-api.yaml', import.meta.url), 'utf8');
  const yaml = written.replace(WRITTEN, (_all, port) => (port === '9443' ? origin : tokenOrigin));
  return { yaml, json: parse(yaml) as Record<string, unknown> };
}
