import {
  authenticated,
  type Challenge,
  type CredentialClaim,
  challenge,
  constantTimeEqual,
  createPrincipal,
  denied,
  Secret,
  type SecurityHandler,
  type SecurityRequest,
  type Verdict,
} from '@sallyport/core';

/** A machine that may call the API with a key of its own. */
export interface ApiKeyOwner {
  readonly name: string;
  readonly key: string;
  readonly tenant: string;
}

/** A security mechanism of this example's own: takes the key in the `X-API-Key` header. */
export class ApiKeyHandler implements SecurityHandler<Secret> {
  readonly name = 'api-key';
  readonly challenges: readonly Challenge[] = [challenge('ApiKey', { realm: 'Gateway API', header: 'X-API-Key' })];
  readonly claim: CredentialClaim = { source: 'header:x-api-key' };
  readonly #owners: readonly ApiKeyOwner[];

  constructor(owners: readonly ApiKeyOwner[]) {
    this.#owners = owners;
  }

  extract(request: SecurityRequest): Secret | undefined {
    const key = request.header('x-api-key');
    return key === undefined ? undefined : new Secret(key);
  }

  verify(key: Secret): Verdict {
    const owner = this.#owners.find((candidate) => constantTimeEqual(candidate.key, key.reveal()));
    if (owner === undefined) return denied('api_key_unknown');
    const claims = { tenant_domain: owner.tenant };
    return authenticated(createPrincipal({ kind: 'client', subject: owner.name, claims }));
  }
}
