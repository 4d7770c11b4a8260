import {
  authenticated,
  basicChallenge,
  bearerChallenge,
  type Challenge,
  type CredentialClaim,
  challenge,
  createPrincipal,
  malformed,
  type PrincipalInit,
  type SecurityHandler,
  type SecurityRequest,
  type Verdict,
} from '@sallyport/core';

export function alice(init: Partial<PrincipalInit> = {}): Verdict {
  return authenticated(createPrincipal({ subject: 'alice', ...init }));
}

/** A handler that finds its credential and says what the test wants it to say. */
export class ScriptedHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly claim: CredentialClaim;
  readonly #says: Verdict;
  asked = 0;

  constructor(name: string, says: Verdict, challenges: readonly Challenge[], claim: CredentialClaim) {
    this.name = name;
    this.#says = says;
    this.challenges = challenges;
    this.claim = claim;
  }

  extract(request: SecurityRequest): string | Verdict | undefined {
    return found(this.claim.source, request);
  }

  verify(): Verdict {
    this.asked += 1;
    return this.#says;
  }
}

/** Takes every bearer token but `foreign`, which no issuer of this API made. */
class BearerHandler extends ScriptedHandler {
  override extract(request: SecurityRequest): string | Verdict | undefined {
    const token = super.extract(request);
    return token === 'foreign' ? undefined : token;
  }
}

export function bearer(
  says: Verdict = alice(),
  name = 'bearer',
  claim: Partial<CredentialClaim> = {},
): ScriptedHandler {
  return new BearerHandler(name, says, [bearerChallenge('api')], { source: 'authorization:bearer', ...claim });
}

export function dpop(says: Verdict = alice()): ScriptedHandler {
  const challenges = [challenge('DPoP', { algs: 'ES256' })];
  return new ScriptedHandler('dpop', says, challenges, { source: 'authorization:dpop' });
}

export function basic(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('basic', says, [basicChallenge('api')], { source: 'authorization:basic' });
}

export function apiKey(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('key', says, [challenge('ApiKey', { header: 'X-Key' })], { source: 'header:x-key' });
}

export function session(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('session', says, [challenge('Cookie')], { source: 'cookie:session' });
}

/** A handler as a plain object, for tests that replace a member of it. */
export function plain(name: string, source = `header:x-${name}`): SecurityHandler<unknown> {
  return {
    name,
    challenges: [challenge('Plain')],
    claim: { source },
    extract: (request) => found(source, request),
    verify: () => alice(),
  };
}

function found(source: string, request: SecurityRequest): string | Verdict | undefined {
  const [place, name = ''] = source.split(':');
  if (place !== 'authorization') return request.header(place === 'cookie' ? 'cookie' : name);
  const { authorization } = request;
  if (authorization.kind !== 'credentials' || authorization.scheme !== name) return undefined;
  return authorization.value === '' ? malformed(`${name}_malformed`) : authorization.value;
}
