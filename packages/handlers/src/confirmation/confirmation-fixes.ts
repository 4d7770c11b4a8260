/** What to change, by the reasons that all handlers of tokens have that may be bound to keys. */
export const CONFIRMATION_FIXES: Readonly<Record<string, string>> = Object.freeze({
  confirmation_unproved:
    'Let the client use the key that cnf names: for x5t#S256, show that certificate to this server. If a proxy ends TLS, set clientCertificates of the adapter. If the handler takes no such proof, let the authorization server bind tokens to nothing.',
  confirmation_malformed: 'Let the authorization server write cnf as RFC 8705 3.1 and RFC 9449 6.1 show it.',
  confirmation_method_unknown: 'Let the authorization server bind tokens by x5t#S256 or jkt alone, or to nothing.',
  confirmation_missing: 'Let the client ask for a token that is bound to its key, or change confirmation.required.',
});
