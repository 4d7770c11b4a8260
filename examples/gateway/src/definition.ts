import { fileURLToPath } from 'node:url';
import type { OpenApiDocument } from '@sallyport/openapi';

/** The definition of the API, as it is enforced, for clients. */
export interface Definition {
  readonly yaml: string;
  readonly json: OpenApiDocument;
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

/** The definition that is enforced unless the command line names another. */
export const DEFINITION_FILE: string = fileURLToPath(new URL('../gateway-api.yaml', import.meta.url));
