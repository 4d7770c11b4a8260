import {
  authenticated,
  createPrincipal,
  malformed,
  type PrincipalInit,
  type SecurityHandler,
  type Verdict,
} from '@sallyport/core';
import {
  basicChallenge,
  bearerChallenge,
  type Challenge,
  challenge,
  type SecurityRequest,
} from '@sallyport/core/extend';

export function alice(init: Partial<PrincipalInit> = {}): Verdict {
  return authenticated(createPrincipal({ subject: 'alice', ...init }));
}

/** A handler that finds its credential and says what the test wants it to say. */
export class ScriptedHandler implements SecurityHandler<string> {
  readonly name: string;
  readonly challenges: readonly Challenge[];
  readonly source: { readonly at: string };
  readonly #says: Verdict;
  asked = 0;

  constructor(name: string, says: Verdict, challenges: readonly Challenge[], source: { readonly at: string }) {
    this.name = name;
    this.#says = says;
    this.challenges = challenges;
    this.source = source;
  }

  extract(request: SecurityRequest): string | Verdict | undefined {
    return found(this.source.at, request);
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
  source: { readonly at?: string; readonly selective?: boolean; readonly fallback?: boolean } = {},
): ScriptedHandler {
  return new BearerHandler(name, says, [bearerChallenge('api')], { at: 'authorization:bearer', ...source });
}

export function dpop(says: Verdict = alice()): ScriptedHandler {
  const challenges = [challenge('DPoP', { algs: 'ES256' })];
  return new ScriptedHandler('dpop', says, challenges, { at: 'authorization:dpop' });
}

export function basic(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('basic', says, [basicChallenge('api')], { at: 'authorization:basic' });
}

export function apiKey(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('key', says, [challenge('ApiKey', { header: 'X-Key' })], { at: 'header:x-key' });
}

export function session(says: Verdict = alice()): ScriptedHandler {
  return new ScriptedHandler('session', says, [challenge('Cookie')], { at: 'cookie:session' });
}

/** A handler as a plain object, for tests that replace a member of it. */
export function plain(name: string, source = `header:x-${name}`): SecurityHandler<unknown> {
  return {
    name,
    challenges: [challenge('Plain')],
    source: { at: source },
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
