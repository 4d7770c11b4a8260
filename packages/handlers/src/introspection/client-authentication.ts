import type { ClientAuthentication } from './introspection-options.js';

/** What client authentication adds to a request. */
export interface AuthenticationParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** RFC 6749 2.3.1: both halves are form-encoded before they are joined, or a colon or percent sign would break them. */
export function authenticationParts(authentication: ClientAuthentication): AuthenticationParts {
  const { method, clientId, clientSecret } = authentication;
  if (method === 'client_secret_post') {
    return { headers: {}, parameters: { client_id: clientId, client_secret: clientSecret } };
  }
  const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, parameters: {} };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
