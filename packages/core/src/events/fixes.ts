/**
 * What to change, by the reason of a refusal, or by its cause where one reason has several: the lines of
 * `NODE_DEBUG=sallyport` end with it. The reasons of a handler stand in its own `fixes`. docs/error-codes.md has the same
 * texts.
 */
export const FIXES: Readonly<Record<string, string>> = Object.freeze({
  credentials_missing:
    'Send a credential at a place that the line names, and let no proxy or redirect drop it. If it comes elsewhere, let the handler read that place by its source (such as cookie:session), header or cookie. If the route is open to everybody, put optional on the route, and no secure() in front of it.',
  credentials_incomplete: 'Send all of them. If one is enough, write anyOf instead of allOf.',
  headers_parsed: 'If a serverless host or a mock made the request, give its event or the mock the headers.',
  preflight_refused: 'Mount the CORS middleware in front of secure(), or set allowPreflight.',
  actor_refused:
    'Let a party act that requireActor names, or add the one of the line there. If users may call by themselves, set allowNone.',
  insufficient_user_authentication:
    'Nothing to fix here, if the client then sends its user through another login. If it comes back with the same: let the authorization server put acr and auth_time into its tokens or answers, and write acrValues as it does.',
  credentials_unrecognised:
    'Put a handler for such credentials into the requirement: those that look there left them to others. If none should stand there, find out what sends them, such as a gateway or a script.',
  scheme_unread: 'Send a scheme that is expected, or give the handler the source authorization:<scheme>.',
  party_mismatch:
    'Send credentials of one user or client. If a handler names no issuer, such as Basic, give sameParty a function.',
  operation_undeclared:
    'Send method and path as operations or the contract write them, or add what came there. Give the chain a requirement for the rest. If the application rewrites on purpose, such as a prefix, set allowRewriting.',
  body_too_slow: 'Send faster; for large bodies and slow networks raise deadlineMs.',
  body_too_large: 'Send a smaller body, or raise maxBodyBytes.',
  body_unreadable:
    'Mount secure() in front of body parsers: they find the body again. If a parser has to come first, let it keep the bytes in rawBody.',
  rate_limited:
    'Wait for the time in Retry-After. For a limit: raise the rateLimit that the line names. For Basic: if many users share one address, raise failures; behind a proxy, set trustedHops.',
  handler_threw:
    'Mend the code at the place that the line names. verify returns authenticated, denied or another verdict; mapPrincipal rejects if it cannot tell who is calling.',
  err_sallyport_several_copies: 'Load one copy of @sallyport/core: npm ls @sallyport/core shows them.',
  handler_extract_misbehaved:
    'Let extract return the credential or undefined, and at once. Let verify check it, and wait for what takes time.',
  guard_threw: 'Mend the guard at the place that the line names. It returns true, false or a guard verdict.',
  chain_failed:
    'Look at the place that the line names. If it is in none of your functions, such as sameParty, report a bug.',
  deadline_exceeded:
    'Look which step of the line took the time: give it a timeout of its own, or raise deadlineMs. If it fetches keys, await start of the chain before the server listens.',
  client_gone: 'Nothing to fix: no client waits for the answer.',
  abandoned: 'Nothing to fix here: the reason of the decision tells why it was given up.',
  dependency_failed: 'Look at the own log of what the line names.',
  proof_outdated: 'Nothing to fix: the next request is checked anew.',
  too_many_lookups: 'Find out why lookups are slow, or raise maxFlights.',
  once_marks_lost:
    'Nothing to do if Redis has lost its data: this ends by itself. If Redis is new, call establish() once when you set it up (docs/redis.md).',
  once_store_unavailable:
    'Look at the once store: the line says how it failed. A full MemoryOnceStore needs more maxEntries.',
  method_malformed: 'Send a method that is one word, such as GET.',
  method_spelling: 'Send the method in upper-case letters.',
  target_form: 'Send a path; for absolute-form targets set authorities.',
  target_characters: 'Percent-encode the characters that a URI must not have.',
  path_encoding: 'Percent-encode the path as UTF-8.',
  path_control_character: 'Leave control characters out of the path.',
  path_dot_segment: 'Let the client resolve dots in the path before it sends it.',
  path_double_encoding: 'Encode the path once, or set allowDoubleEncoding.',
  path_encoded_slash: 'Move the value with the slash into the query, or set allowEncodedSlash.',
  path_semicolon: 'Leave the semicolon out of the path, or set allowSemicolon.',
  path_double_slash: 'Send one slash instead of two: correct the base URL of the client. Or set allowDoubleSlash.',
  path_encoded_unreserved: 'Do not encode letters, digits and -._~ in the path, or set allowEncodedUnreserved.',
  path_browser_characters: 'Percent-encode the square bracket or the vertical bar, or set allowBrowserCharacters.',
  path_parameters_ambiguous:
    'Send values without the text between the parameters, or put a slash there in the template.',
  duplicate_authorization:
    'Send one Authorization line. Let a proxy replace that of the client instead of adding its own.',
  joined_credentials: 'Send one credential in Authorization, and no second one behind a comma.',
  malformed_authorization: 'Write the scheme, one space and the credential into Authorization.',
  duplicate_credentials: 'Send the credential once, in one place.',
  client_certificate_doubled: 'Let the proxy replace the header that a client sends, instead of adding its own line.',
  client_certificate_malformed:
    'Give clientCertificates the format that the proxy writes, and let the proxy replace what a client sends.',
  credential_empty: 'Send a value: perhaps a variable of the client is not set.',
  credential_too_long: 'Send a shorter value.',
  bearer_token_malformed: 'Send the token as it was issued. Look for quotes of a shell or of JSON.',
  bearer_token_too_long: 'Let the issuer put less into the token, or raise maxTokenBytes.',
  insufficient_scope: 'Ask for a token with the missing scopes, or correct requireScopes or the contract.',
  role_missing:
    'Give the caller the role. If the token has it in a claim of its own, name that in rolesClaims of the handler.',
  policy_refused: 'Look at the guard that the line names. It returned false; with forbidden it can say why.',
  all_guards_abstained: 'Let one of the guards permit the request.',
  audience_mismatch: 'Ask for a token for this audience, or correct requireAudience.',
  mcp_header_mismatch:
    'Let Mcp-Method and Mcp-Name name the one call in the body, or leave them out. Let no proxy change them.',
  mcp_body_unreadable:
    'Send JSON in UTF-8, as application/json, without Content-Encoding, and no member twice in an object.',
  mcp_message_invalid: 'Send a JSON-RPC message, or an array of them.',
  mcp_tool_unnamed: 'Name the tool in params.name.',
  mcp_body_too_large: 'Send a smaller body, or raise maxBodyBytes.',
  mcp_session_unknown:
    'Let the client open a session again. If it was opened in another process, let the load balancer lead a session to one process.',
  mcp_session_foreign: 'Open a session with the credentials that use it.',
  err_sallyport_upstream_unreachable:
    'Start the server, or correct its address. Check DNS, firewall and proxy. If a certificate is not trusted, name its authority in certificateAuthorities or NODE_EXTRA_CA_CERTS.',
  err_sallyport_upstream_timeout: 'Find out why the server is slow, or raise timeoutMs.',
  err_sallyport_upstream_status:
    'Look at the log of the server, and whether the address is right. For 401 and 403, look at our own credentials, or at a firewall in front of the server.',
  err_sallyport_upstream_body:
    'Correct the address, if it is that of an application, a login or a proxy. Otherwise repair the server.',
  err_sallyport_upstream_overloaded:
    'Raise maxConcurrent, or the lifetimes of the caches. Behind a proxy set trustedHops: otherwise all callers are one network.',
  err_sallyport_upstream_circuit_open:
    'Repair what the line names as the last failure. Calls start again by themselves.',
});
