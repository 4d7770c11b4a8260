import type { Decider, Decision, Principal, Revocations } from '@sallyport/core';
import { isDecision, SecurityRequest } from '@sallyport/core/extend';
import { Endpoint } from './endpoint.js';
import { DONE, type EndpointAnswer, failure, tryAgain } from './endpoint-answer.js';
import type { EndpointRequest } from './endpoint-request.js';
import { isUnreadable, onlyValue, readForm, unusableMember } from './received-form.js';
import {
  type RevocationEndpointCollaborators,
  type RevocationEndpointOptions,
  type RevocationEndpointSettings,
  revocationEndpointCollaborators,
  revocationEndpointOptions,
} from './revocation-endpoint-options.js';
import { publishRevocationEvent } from './revocation-events.js';

const PARAMETER = 'token';
const NOBODY = failure(401, 'invalid_client', 'The caller must authenticate.');
const UNSUPPORTED = failure(400, 'unsupported_token_type', 'Refresh tokens are not revoked here.');

/**
 * Lets authorization servers and administrators revoke single tokens in this deployment, as they would at an authorization
 * server (RFC 7009 2.1): a form with `token`, and perhaps `token_type_hint`. Who may do so is what `decider` requires; it
 * never lets anonymous callers in. A token that nobody knows is 200 as well (RFC 7009 2.2), because no one here can tell.
 * @example
 * const decider = new SecurityChain({ name: 'revocation', requirement: jwt, guards: [requireScopes('tokens:revoke')] });
 * const endpoint = new RevocationEndpoint({}, { decider, revocations });
 * app.post('/revoke', (request, response) => endpoint.node(request, response));
 */
export class RevocationEndpoint extends Endpoint {
  readonly #settings: RevocationEndpointSettings;
  readonly #decider: Decider;
  readonly #revocations: Revocations;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  constructor(options: RevocationEndpointOptions, collaborators: RevocationEndpointCollaborators) {
    const settings = revocationEndpointOptions(options);
    super(settings.maxBodyBytes);
    const { decider, revocations } = revocationEndpointCollaborators(collaborators);
    this.#settings = settings;
    this.#decider = decider;
    this.#revocations = revocations;
  }

  /** Nothing of the body is looked at before it is known who sent it. */
  async receive(request: EndpointRequest): Promise<EndpointAnswer> {
    const { method, target = '/', rawHeaders, remoteAddress, body } = request;
    const clientCertificate = () => request.clientCertificate?.();
    const bytes = { body: () => (body instanceof Uint8Array ? body : 'consumed') } as const;
    const decision = await this.#decider.decide(
      new SecurityRequest({ method, target, rawHeaders, remoteAddress, clientCertificate, ...bytes }),
    );
    if (!isDecision(decision)) throw new TypeError('the decider returned no decision');
    if (decision.kind !== 'granted') return this.#refuse(decision.reason, undefined, answerOf(decision));
    const { principal } = decision;
    if (principal.kind === 'anonymous') return this.#refuse('caller_anonymous', undefined, NOBODY);
    const form = readForm(request, this.#settings.maxBodyBytes);
    if (isUnreadable(form)) return this.#refuse(form.reason, principal, form.answer);
    const token = onlyValue(form, PARAMETER);
    if (typeof token === 'string') return this.#refuse(`token_${token}`, principal, unusableMember(PARAMETER, token));
    if (form.get('token_type_hint')?.includes('refresh_token') === true) {
      return this.#refuse('refresh_token_unsupported', principal, UNSUPPORTED);
    }
    return this.#revoke(token.value, principal);
  }

  async #revoke(token: string, { issuer, subject, clientId }: Principal): Promise<EndpointAnswer> {
    const isShared = await this.#revocations.revokeToken(token);
    publishRevocationEvent({ kind: isShared ? 'token_revoked' : 'revocation_failed', issuer, subject, clientId });
    return isShared ? DONE : tryAgain();
  }

  #refuse(reason: string, principal: Principal | undefined, answer: EndpointAnswer): EndpointAnswer {
    publishRevocationEvent({ kind: 'revocation_refused', reason, subject: principal?.subject });
    return answer;
  }
}

function answerOf({ status, headers, body }: Extract<Decision, { readonly kind: 'denied' }>): EndpointAnswer {
  return { status, headers, body };
}
