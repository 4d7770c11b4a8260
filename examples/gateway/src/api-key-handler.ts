import { authenticated, createPrincipal, denied, type SecurityHandler, type Verdict } from '@sallyport/core';
import {
  type Challenge,
  type CredentialSource,
  challenge,
  constantTimeEqual,
  Secret,
  type SecurityRequest,
} from '@sallyport/core/extend';

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
  readonly source: CredentialSource = { at: 'header:x-api-key' };
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
