/** The methods of the IANA registry (RFC 9110 16.1.1). All of them are upper-case. */
const REGISTERED: ReadonlySet<string> = new Set(
  [
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY',
    'MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY',
    'REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL',
  ].flatMap((line) => line.split(' ')),
);

/**
 * Whether a method becomes a registered one in upper-case letters. Methods are case-sensitive (RFC 9110 9.1), but
 * `Request` objects and some routers do not see the difference.
 */
export function misspellsMethod(method: string): boolean {
  return !REGISTERED.has(method) && REGISTERED.has(method.toUpperCase());
}
