/**
 * What to change, by the reason of a refusal: the lines of `NODE_DEBUG=sallyport` end with it. The reasons of a handler
 * stand in its own `fixes`. docs/error-codes.md has the same texts.
 */
export const FIXES: Readonly<Record<string, string>> = Object.freeze({
  credentials_missing: 'Send one of the credentials that the challenges name.',
  credentials_unrecognised:
    "Use a scheme that the challenges name; for JWTs, check that the issuer is configured: the event's unclaimed says what was expected and what came.",
  party_mismatch:
    'Send credentials of one user or client. If a handler names no issuer, such as Basic, give sameParty a function.',
  operation_undeclared: 'Declare the operation, or give the chain a requirement.',
  body_too_slow: 'Send faster; for large bodies and slow networks raise deadlineMs.',
  body_too_large: 'Send a smaller body, or raise maxBodyBytes.',
  body_unreadable: 'Mount secure() in front of body parsers: they find the body again.',
  rate_limited: 'Wait for the time that Retry-After says. For Basic, see failures; behind a proxy, trustedHops.',
  handler_threw: "Fix the handler or the function; the event's fault names handler, class and place.",
  handler_extract_misbehaved: 'Let extract only find the credential; let verify check it.',
  guard_threw: "Fix the guard; the event's fault names class and place.",
  chain_failed: "Look at the event's fault; if it names none of your functions, report a bug.",
  deadline_exceeded: "Find the slow handler in the event's steps.",
  client_gone: 'Nothing to fix: no client waits for the answer.',
  abandoned: 'See deadline_exceeded.',
  dependency_failed: "Look at the dependency's own log.",
  proof_outdated: 'Nothing to fix: the next request is checked anew.',
  too_many_lookups: 'Find out why lookups are slow; raise maxFlights.',
  once_store_unavailable:
    'Look at the once store: the detail says how it failed. A full MemoryOnceStore needs more maxEntries.',
  method_malformed: 'Send a valid method.',
  method_spelling: 'Send it in upper-case letters.',
  target_form: 'Send a path; for absolute-form targets set authorities.',
  target_characters: 'Percent-encode them.',
  path_encoding: 'Encode UTF-8.',
  path_control_character: 'Leave it out.',
  path_dot_segment: 'Resolve it before sending.',
  path_double_encoding: 'Encode once, or set allowDoubleEncoding.',
  path_encoded_slash: 'Move the value into the query, or set allowEncodedSlash.',
  path_semicolon: 'Leave it out, or set allowSemicolon.',
  path_double_slash: 'Leave it out, or set allowDoubleSlash.',
  path_encoded_unreserved: 'Do not encode letters, digits and -._~, or set allowEncodedUnreserved.',
  path_browser_characters: 'Percent-encode it, or set allowBrowserCharacters.',
  duplicate_authorization:
    'Send one Authorization line. Let a proxy replace that of the client instead of adding its own.',
  joined_credentials: 'Send one credential.',
  malformed_authorization: 'Send Bearer, a space and the token.',
  duplicate_credentials: 'Send it once, in one place.',
  credential_empty: 'Send a value. A variable of the client may not be set.',
  credential_too_long: 'Send a shorter value.',
  bearer_token_malformed: 'Send the token as it was issued.',
  bearer_token_too_long: 'Let the issuer put less into the token, or raise maxTokenBytes.',
  insufficient_scope: 'Ask for a token with these scopes.',
  role_missing: 'Give the caller the role.',
  policy_refused: 'Look at the guard that the event names in refusedBy.',
  all_guards_abstained: 'Let one of the guards permit.',
  audience_mismatch: 'Ask for a token for this audience, or let the API accept the one that came.',
  err_sallyport_upstream_unreachable: 'Check network, proxy, DNS and TLS.',
  err_sallyport_upstream_timeout: 'Find out why the server is slow.',
  err_sallyport_upstream_status:
    'Look at the server. For 401 and 403, look at our own credentials, or at a firewall in front of the server.',
  err_sallyport_upstream_body: 'Check the address of the endpoint.',
  err_sallyport_upstream_overloaded:
    'Raise maxConcurrent, or the lifetimes of the caches. Behind a proxy, check trustedHops.',
  err_sallyport_upstream_circuit_open: 'Repair the server; calls start again by themselves.',
});
