import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { grantableScopes } from '../scopes.js';
import { authenticateUser, findUser } from '../users.js';

const MAX_FORM_BYTES = 4_096;

/** The page on which a person logs in during the authorization code grant. Consent is implied by logging in. */
export async function loginPage(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'consent' && session !== undefined) {
    return finishConsent(
      provider,
      request,
      response,
      session.accountId,
      params as { client_id: string; scope?: string },
    );
  }
  if (request.method !== 'POST') return showForm(response, 200, '');
  const form = await readForm(request);
  const user = form && authenticateUser(form.get('username') ?? '', form.get('password') ?? '');
  if (!user) return showForm(response, 401, 'User name or password is wrong.');
  await provider.interactionFinished(request, response, { login: { accountId: user.name } });
}

async function finishConsent(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  accountId: string,
  params: { client_id: string; scope?: string },
): Promise<void> {
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  const requested = params.scope?.split(' ') ?? [];
  const granted = grantableScopes(requested, findUser(accountId)?.roles ?? []);
  grant.addOIDCScope(granted.join(' '));
  grant.rejectOIDCScope(requested.filter((scope) => !granted.includes(scope)).join(' '));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
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

/** Nothing of the request is shown, so there is nothing to escape. The form posts to its own address. */
function showForm(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  response.end(`<!doctype html><html lang="en"><title>Log in</title><body style="font-family:sans-serif;margin:3em">
<h1>Log in</h1><p role="alert">${message}</p>
<form method="post"><p><label>User name <input name="username" autofocus autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button>Log in</button></p></form></body></html>`);
}
