import { REGISTRATION_PATH } from './application.js';
import { BASE_PATH } from './definition.js';
import type { Gateway } from './gateway.js';

/** Where the walkthrough finds the gateway. */
export interface WalkthroughPlace extends Pick<Gateway, 'port' | 'tokenPort' | 'apiKey'> {
  /** Where the files of this run are. */
  readonly folder: string;
  /** The gateway's process. */
  readonly pid: number;
}

/**
 * `call` keeps the answer, and prints it, cut to 300 characters, with its status. `keys` is the command line for the keys of this
 * run. `member` reads one member of the answer without `jq`.
 */
const SHELL_FUNCTIONS = [
  `call() { ANSWER=$(curl -s --cacert "$CA" -w '\\n%{http_code}' "$@"); echo "$ANSWER" | cut -c1-300; }`,
  'keys() { npx sallyport key "$@" --config "$FOLDER/keys.json"; }',
  `member() { echo "$ANSWER" | sed -n 's/.*"'$1'":"\\([^"]*\\)".*/\\1/p'; }`,
];

const QUERY = 'apiName=PizzaShackAPI&version=1.0.0';
/** The token that was kept last. */
export const BEARER = '-H "Authorization: Bearer $TOKEN"';
const CLIENT = '-u "$KEY:$SECRET"';
/** The certificate of a machine, and its key. */
export const MACHINE = '--cert "$FOLDER/machine.pem" --key "$FOLDER/machine-key.pem"';

/** The commands of the walkthrough, with the addresses of a gateway. */
export class WalkthroughCommands {
  readonly origin: string;
  readonly setUp: string;
  readonly apiKey: string;
  readonly #tokenOrigin: string;

  constructor({ port, tokenPort, apiKey, folder }: WalkthroughPlace) {
    this.origin = `https://localhost:${port}`;
    this.setUp = [`FOLDER=${folder}; CA=$FOLDER/certificate.pem`, ...SHELL_FUNCTIONS].join('\n');
    this.apiKey = `-H 'X-API-Key: ${apiKey}'`;
    this.#tokenOrigin = `https://localhost:${tokenPort}`;
  }

  get(path: string, credential = BEARER): string {
    return `call ${credential} '${this.origin}${BASE_PATH}${path}?${QUERY}'`;
  }

  post(path: string, credential = BEARER): string {
    return `call -X POST ${credential} '${this.origin}${BASE_PATH}${path}?${QUERY}'`;
  }

  register(clientName: string, grantType: string, more: object = {}): string {
    const payload = { callbackUrl: 'www.google.lk', clientName, owner: 'admin', grantType, saasApp: true, ...more };
    const json = `-H 'Content-Type: application/json' -d '${JSON.stringify(payload)}'`;
    return `call -u admin:admin ${json} ${this.origin}${REGISTRATION_PATH}`;
  }

  token(form: string, client = CLIENT): string {
    return `call ${client} -d "${form}" ${this.#tokenOrigin}/token`;
  }

  revoke(): string {
    return `call ${CLIENT} -d "token=$TOKEN" ${this.#tokenOrigin}/revoke`;
  }
}
