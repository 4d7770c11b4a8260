import { authenticated, createPrincipal } from '@sallyport/core';
import { bearerChallenge, challenge, VerdictCache } from '@sallyport/core/extend';
import { requestOf } from './requests.js';

async function notRemembered() {
  throw new Error('not remembered');
}

/** Takes bearer tokens, and remembers them the way the handlers of this project do. */
export class RememberingHandler {
  name = 'remembering';
  challenges = [bearerChallenge('bench')];
  #cache;

  /** @param collaborators of its cache */
  constructor(collaborators = {}) {
    this.#cache = new VerdictCache({ namespace: 'bench', ttlSeconds: 3_600 }, collaborators);
  }

  async learn(token, index) {
    const init = { issuer: 'https://as', subject: `user-${index}`, scopes: ['read', 'write'], expiresAt: 4e9 };
    const principal = createPrincipal({ ...init, via: [{ handler: this.name, scheme: 'bearer' }] });
    await this.#cache.resolve(token, requestOf(token), async () => authenticated(principal));
  }

  extract({ authorization }) {
    return authorization.kind === 'credentials' && authorization.scheme === 'bearer' ? authorization.value : undefined;
  }

  verify(token, request) {
    return this.#cache.resolve(token, request, notRemembered);
  }
}

/** Looks for another scheme and finds none. */
export class UnconcernedHandler {
  constructor(index) {
    this.name = `unconcerned-${index}`;
    this.scheme = `scheme-${index}`;
    this.challenges = [challenge(this.scheme)];
  }

  extract({ authorization }) {
    return authorization.kind === 'credentials' && authorization.scheme === this.scheme ? authorization : undefined;
  }

  verify() {
    throw new Error('not concerned');
  }
}
