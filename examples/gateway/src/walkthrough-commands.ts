import { REGISTRATION_PATH } from './application.js';
import { BASE_PATH } from './definition.js';
import type { Gateway } from './gateway.js';

/** Where the walkthrough finds the gateway. */
export interface WalkthroughPlace extends Pick<Gateway, 'port' | 'tokenPort' | 'apiKey'> {
  readonly certificateFile: string;
  /** The gateway's process. */
  readonly pid: number;
}

/**
 * `call` keeps the answer, and prints it, cut to 300 characters, with its status. `member` reads one member of it
 * without `jq`.
 */
const SHELL_FUNCTIONS = [
  `call() { ANSWER=$(curl -s --cacert "$CA" -w '\\n%{http_code}' "$@"); echo "$ANSWER" | cut -c1-300; }`,
  `member() { echo "$ANSWER" | sed -n 's/.*"'$1'":"\\([^"]*\\)".*/\\1/p'; }`,
];

const QUERY = 'apiName=PizzaShackAPI&version=1.0.0';
/** The token that was kept last. */
export const BEARER = '-H "Authorization: Bearer $TOKEN"';
const CLIENT = '-u "$KEY:$SECRET"';

/** The commands of the walkthrough, with the addresses of a gateway. */
export class WalkthroughCommands {
  readonly origin: string;
  readonly setUp: string;
  readonly apiKey: string;
  readonly #tokenOrigin: string;

  constructor({ port, tokenPort, apiKey, certificateFile }: WalkthroughPlace) {
    this.origin = `https://localhost:${port}`;
    this.setUp = [`CA=${certificateFile}`, ...SHELL_FUNCTIONS].join('\n');
    this.apiKey = `-H 'X-API-Key: ${apiKey.key}'`;
    this.#tokenOrigin = `https://localhost:${tokenPort}`;
  }

  get(path: string, credential = BEARER): string {
    return `call ${credential} '${this.origin}${BASE_PATH}${path}?${QUERY}'`;
  }

  post(path: string, credential = BEARER): string {
    return `call -X POST ${credential} '${this.origin}${BASE_PATH}${path}?${QUERY}'`;
  }

  register(clientName: string, grantType: string): string {
    const payload = { callbackUrl: 'www.google.lk', clientName, owner: 'admin', grantType, saasApp: true };
    const json = `-H 'Content-Type: application/json' -d '${JSON.stringify(payload)}'`;
    return `call -u admin:admin ${json} ${this.origin}${REGISTRATION_PATH}`;
  }

  token(form: string): string {
    return `call ${CLIENT} -d "${form}" ${this.#tokenOrigin}/token`;
  }

  revoke(): string {
    return `call ${CLIENT} -d "token=$TOKEN" ${this.#tokenOrigin}/revoke`;
  }
}
