import { randomBytes, randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { AuthorizationServer } from './authorization-server/authorization-server.js';
import { RegistrationRefused, type RegistrationRequest, readRegistration } from './registration-request.js';
import { isAdmin } from './users.js';
import { sendWso2Error } from './wso2-error.js';

interface Application extends RegistrationRequest {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly applicationUUID: string;
}

/**
 * Dynamic client registration v0.17, for an authenticated caller. The same name gives the same client again, but only
 * to its owner or to an administrator who names that owner.
 */
export class ClientRegistration {
  readonly #authorizationServer: Pick<AuthorizationServer, 'addClient'>;
  /** By name. An application is added at its first request, so that requests at the same time get the same one. */
  readonly #applications = new Map<string, Promise<Application>>();

  constructor(authorizationServer: Pick<AuthorizationServer, 'addClient'>) {
    this.#authorizationServer = authorizationServer;
  }

  /** Answers `POST /register`; `caller` is the authenticated user's name. */
  async register(caller: string, request: Request, response: Response): Promise<void> {
    try {
      const application = await this.#register(caller, readRegistration(request.body));
      response.set('Cache-Control', 'no-store').json(describe(application));
    } catch (error) {
      if (!(error instanceof RegistrationRefused)) throw error;
      sendWso2Error(response, error.status, error.title, error.message);
    }
  }

  async #register(caller: string, asked: RegistrationRequest): Promise<Application> {
    if (asked.owner !== caller && !isAdmin(caller)) {
      throw new RegistrationRefused(400, 'Bad Request', 'The owner must be the user who registers the application.');
    }
    const known = await this.#applicationOf(asked);
    if (known.owner !== caller && !(isAdmin(caller) && known.owner === asked.owner)) {
      throw new RegistrationRefused(403, 'Forbidden', 'An application of this name belongs to another owner.');
    }
    return known;
  }

  #applicationOf(asked: RegistrationRequest): Promise<Application> {
    const { clientName } = asked;
    const known = this.#applications.get(clientName);
    if (known !== undefined) return known;
    const created = this.#create(asked);
    this.#applications.set(clientName, created);
    created.catch(() => this.#applications.delete(clientName));
    return created;
  }

  async #create(asked: RegistrationRequest): Promise<Application> {
    const application = {
      ...asked,
      clientId: randomBytes(20).toString('base64url'),
      clientSecret: randomBytes(32).toString('base64url'),
      applicationUUID: randomUUID(),
    };
    const redirects = asked.grantTypes.includes('authorization_code');
    await this.#authorizationServer.addClient({
      client_id: application.clientId,
      client_secret: application.clientSecret,
      client_name: asked.clientName,
      grant_types: [...asked.grantTypes],
      response_types: redirects ? ['code'] : [],
      redirect_uris: redirects ? [asked.callbackUrl] : [],
      tls_client_certificate_bound_access_tokens: asked.isCertificateBound,
      tokenType: asked.tokenType,
      owner: asked.owner,
    });
    return application;
  }
}

/**
 * The documented answer. It spells `callBackURL` differently from the request, and two of its members are JSON in a
 * string.
 */
function describe(application: Application): object {
  const { clientId, clientSecret, clientName, callbackUrl, grantTypes, owner, saasApp } = application;
  return {
    clientId,
    clientName,
    callBackURL: callbackUrl,
    clientSecret,
    isSaasApplication: saasApp,
    appOwner: owner,
    jsonString: JSON.stringify({
      username: owner,
      redirect_uris: callbackUrl,
      client_name: clientName,
      grant_types: grantTypes.join(' '),
    }),
    jsonAppAttribute: '{}',
    applicationUUID: application.applicationUUID,
    tokenType: application.tokenType ?? null,
  };
}
