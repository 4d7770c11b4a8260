import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { OperatorLog } from '../operator-log.js';
import type { CheckedPassword, PasswordCheck } from '../password-check.js';
import { grantableScopes } from '../scopes.js';
import { findUser } from '../users.js';
import { type Asked, consentForm, loginForm } from './login-forms.js';
import type { PendingInteractions } from './pending-interactions.js';

const MAX_FORM_BYTES = 4_096;

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** What the page works with. */
export interface LoginPageCollaborators {
  readonly provider: Provider;
  readonly logins: PasswordCheck;
  readonly interactions: PendingInteractions;
  readonly log: OperatorLog;
}

/**
 * The page on which a person logs in during the authorization code grant. With the login the person consents to what
 * the page shows. A person who is already logged in is asked for consent, because any user may have registered the
 * application.
 */
export class LoginPage {
  readonly #provider: Provider;
  readonly #logins: PasswordCheck;
  readonly #interactions: PendingInteractions;
  readonly #log: OperatorLog;

  constructor({ provider, logins, interactions, log }: LoginPageCollaborators) {
    this.#provider = provider;
    this.#logins = logins;
    this.#interactions = interactions;
    this.#log = log;
  }

  /** Answers a request for the page; never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const hasExpired = (error as Error).name === 'SessionNotFound';
      if (hasExpired) return say(response, 400, 'This login has expired. Start again from the application.');
      // A client that leaves in the middle of a form is not logged.
      if (!request.complete) return;
      say(response, 500, `The login failed: ${this.#log.failure('login page', error)}`);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const interaction = await this.#provider.interactionDetails(request, response);
    const { prompt, session, lastSubmission } = interaction;
    if (prompt.name !== 'consent' || session === undefined) return this.#logIn(interaction, request, response);
    const hasJustLoggedIn = lastSubmission?.['login'] !== undefined;
    if (!hasJustLoggedIn) {
      const asked = await this.#askedBy(interaction);
      if (request.method !== 'POST') return show(response, 200, consentForm(asked, session.accountId));
      const form = await readForm(request);
      if (form?.get('decision') !== 'allow') {
        return this.#provider.interactionFinished(request, response, { error: 'access_denied' });
      }
    }
    const grantId = await this.#grant(interaction, session.accountId);
    await this.#provider.interactionFinished(request, response, { consent: { grantId } });
  }

  async #logIn(interaction: Interaction, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await this.#askedBy(interaction);
    if (request.method !== 'POST') return show(response, 200, loginForm(asked, ''));
    const form = (await readForm(request)) ?? new URLSearchParams();
    const address = request.socket.remoteAddress;
    const origin = { door: '/login', address };
    const checked = await this.#logins.check(form.get('username') ?? '', form.get('password') ?? '', origin);
    if (!('name' in checked)) return this.#refuse(checked, asked, response);
    this.#interactions.noteLogin(checked.name, address);
    await this.#provider.interactionFinished(request, response, { login: { accountId: checked.name } });
  }

  #refuse({ status, retryAfter }: Exclude<CheckedPassword, { name: string }>, asked: Asked, response: ServerResponse) {
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
    show(response, status, loginForm(asked, WHY[status] ?? 'Logins are not possible right now.'));
  }

  /** Grants the requested scopes that the roles of the user allow. Returns the identifier of the grant. */
  async #grant(interaction: Interaction, accountId: string): Promise<string> {
    const requested = scopesOf(interaction);
    const granted = grantableScopes(requested, findUser(accountId)?.roles ?? []);
    const made = new this.#provider.Grant({ accountId, clientId: String(interaction.params['client_id']) });
    const refused = requested.filter((scope) => !granted.includes(scope)).join(' ');
    made.addOIDCScope(granted.join(' '));
    made.rejectOIDCScope(refused);
    for (const resource of resourcesOf(interaction)) {
      made.addResourceScope(resource, granted.join(' '));
      made.rejectResourceScope(resource, refused);
    }
    return made.save();
  }

  async #askedBy(interaction: Interaction): Promise<Asked> {
    const clientId = String(interaction.params['client_id']);
    const client = await this.#provider.Client.find(clientId);
    return {
      application: client?.clientName ?? clientId,
      redirectUri: String(interaction.params['redirect_uri']),
      scopes: scopesOf(interaction),
    };
  }
}

const WHY: Readonly<Record<number, string>> = {
  401: 'User name or password is wrong.',
  429: 'Too many logins have failed. Try again later.',
};

function scopesOf({ params }: Interaction): readonly string[] {
  return typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
}

/** Tokens for a resource have scopes of their own (RFC 8707 2.1). */
function resourcesOf({ params }: Interaction): readonly string[] {
  return [params['resource'] ?? []].flat().filter((resource) => typeof resource === 'string');
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
  response.end(`${text}\n`);
}

function show(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  response.end(html);
}
