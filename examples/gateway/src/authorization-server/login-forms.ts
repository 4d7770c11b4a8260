import { escaped } from '../escaped.js';

/** What an application asks of a person. */
export interface Asked {
  /** The name with which the application was registered. */
  readonly application: string;
  /** The address to which the person is sent back. A name may pretend to be anything, an address cannot. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
}

/** Both forms post to their own address. */
export function loginForm(asked: Asked, message: string): string {
  return page(
    'Log in',
    `<p role="alert">${message}</p>
${purpose('Log in to let', asked)}
<form method="post"><p><label>User name <input name="username" autofocus autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button>Log in</button></p></form>`,
  );
}

export function consentForm(asked: Asked, user: string): string {
  return page(
    'Allow access',
    `<p>You are logged in as ${escaped(user)}.</p>
${purpose('Do you let', asked)}
<form method="post"><p><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p></form>`,
  );
}

/** What a person sees when a login cannot go on. */
export function errorPage(error: string, description: string): string {
  return page('This does not work', `<p role="alert">${escaped(error)}: ${escaped(description)}</p>`);
}

function purpose(beginning: string, { application, redirectUri, scopes }: Asked): string {
  const list = scopes.map((scope) => `<li>${escaped(scope)}</li>`).join('');
  return `<p>${beginning} <b>${escaped(application)}</b> at ${escaped(redirectUri)} act for you:</p><ul>${list}</ul>`;
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><body style="font-family:sans-serif;margin:3em">
<h1>${title}</h1>${content}</body></html>`;
}
