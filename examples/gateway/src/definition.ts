import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The API's definition: the contract that is enforced is the one that is served. */
export interface Definition {
  readonly yaml: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Path under which the API is mounted. */
export const BASE_PATH = '/api/am/gateway/v1';

export function readDefinition(): Definition {
  const yaml = readFileSync(new URL('../gateway-api.yaml', import.meta.url), 'utf8');
  return { yaml, json: parse(yaml) as Record<string, unknown> };
}
