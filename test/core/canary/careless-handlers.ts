import {
  authenticated,
  createPrincipal,
  denied,
  type SecurityHandler,
  unavailable,
  type Verdict,
} from '@sallyport/core';
import { type Challenge, type CredentialSource, challenge, Secret, type SecurityRequest } from '@sallyport/core/extend';

type Find = (request: SecurityRequest) => string | undefined;

/** Takes a text from anywhere, as a handler's author would who has not read about secrets. */
export class CarelessHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: CredentialSource;
  readonly #find: Find;

  constructor(name: string, source: string, find: Find) {
    this.name = name;
    this.challenges = [challenge(name)];
    this.source = { at: source };
    this.#find = find;
  }

  extract(request: SecurityRequest): string | undefined {
    return this.#find(request);
  }

  verify(credential: string): Verdict {
    if (credential.startsWith('good')) return authenticated(createPrincipal({ subject: this.name }));
    if (credential.startsWith('broken')) return unavailable(new Error(`cannot reach https://user:${credential}@db`));
    if (credential.startsWith('thrown')) throw new Error(`bad credential\n    at ${credential}`);
    if (credential.startsWith('quoted')) return denied(`bad credential ${credential}`);
    if (credential.startsWith('returned')) return { kind: 'denied', reason: credential } as Verdict;
    return denied('unknown');
  }
}

/** Takes an API key, and knows how to keep it. */
export class KeyHandler implements SecurityHandler<Secret> {
  readonly name = 'key';
  readonly challenges = [challenge('ApiKey')];
  readonly source = { at: 'header:x-api-key' };
  readonly known: Secret;

  constructor(known: string) {
    this.known = new Secret(known);
  }

  extract(request: SecurityRequest): Secret | undefined {
    const key = request.header('x-api-key');
    return key === undefined ? undefined : new Secret(key);
  }

  verify(key: Secret): Verdict {
    return key.reveal() === this.known.reveal()
      ? authenticated(createPrincipal({ subject: 'service', kind: 'client' }))
      : denied('key_unknown');
  }
}

export const careless: readonly CarelessHandler[] = [
  new CarelessHandler('Careless', 'authorization:careless', ({ authorization }) =>
    authorization.kind === 'credentials' && authorization.scheme === 'careless' ? authorization.value : undefined,
  ),
  new CarelessHandler(
    'Cookie',
    'cookie:session',
    (request) => /session=([^;]*)/.exec(request.header('cookie') ?? '')?.[1],
  ),
  new CarelessHandler('Query', 'query:key', ({ query }) => new URLSearchParams(query).get('key') ?? undefined),
];
