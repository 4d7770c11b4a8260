import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { grantableScopes } from '../scopes.js';
import { authenticateUser, findUser } from '../users.js';
import { type Asked, consentForm, loginForm } from './login-forms.js';

const MAX_FORM_BYTES = 4_096;

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/**
 * The page on which a person logs in during the authorization code grant. Logging in is consent to what the page
 * shows; who is logged in already is asked for it, because any user may have registered the application.
 */
export async function loginPage(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response);
  const { prompt, session, lastSubmission } = interaction;
  if (prompt.name !== 'consent' || session === undefined) return logIn(provider, interaction, request, response);
  const hasJustLoggedIn = lastSubmission?.['login'] !== undefined;
  if (!hasJustLoggedIn) {
    const asked = await askedBy(provider, interaction);
    if (request.method !== 'POST') return show(response, 200, consentForm(asked, session.accountId));
    const form = await readForm(request);
    if (form?.get('decision') !== 'allow') {
      return provider.interactionFinished(request, response, { error: 'access_denied' });
    }
  }
  const grantId = await grant(provider, interaction, session.accountId);
  await provider.interactionFinished(request, response, { consent: { grantId } });
}

async function logIn(
  provider: Provider,
  interaction: Interaction,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await askedBy(provider, interaction);
  if (request.method !== 'POST') return show(response, 200, loginForm(asked, ''));
  const form = await readForm(request);
  const user = form && authenticateUser(form.get('username') ?? '', form.get('password') ?? '');
  if (!user) return show(response, 401, loginForm(asked, 'User name or password is wrong.'));
  await provider.interactionFinished(request, response, { login: { accountId: user.name } });
}

/** Grants what the user's roles allow of what was asked for; the identifier of the grant. */
async function grant(provider: Provider, interaction: Interaction, accountId: string): Promise<string> {
  const requested = scopesOf(interaction);
  const granted = grantableScopes(requested, findUser(accountId)?.roles ?? []);
  const made = new provider.Grant({ accountId, clientId: String(interaction.params['client_id']) });
  made.addOIDCScope(granted.join(' '));
  made.rejectOIDCScope(requested.filter((scope) => !granted.includes(scope)).join(' '));
  return made.save();
}

async function askedBy(provider: Provider, interaction: Interaction): Promise<Asked> {
  const clientId = String(interaction.params['client_id']);
  const client = await provider.Client.find(clientId);
  return {
    application: client?.clientName ?? clientId,
    redirectUri: String(interaction.params['redirect_uri']),
    scopes: scopesOf(interaction),
  };
}

function scopesOf({ params }: Interaction): readonly string[] {
  return typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
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

function show(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  response.end(html);
}
