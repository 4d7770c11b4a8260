import { attemptTo } from '../clock/eventually.js';
import type { CredentialPlace } from '../handler/credential-place.js';
import type { ReadSource } from '../handler/credential-source.js';
import type { SecurityHandler } from '../handler/handler.js';
import { SecurityRequest } from '../request/request.js';
import { isVerdict } from '../verdict/verdict.js';

/** The places where something stands, in their order. */
export function filledIn(places: readonly CredentialPlace[], request: SecurityRequest): readonly CredentialPlace[] {
  return places.filter((place) => place.valuesIn(request).length > 0);
}

/**
 * The places from which a handler took its credential. It does not tell, and a credential may be anything. So where several are
 * filled, it is asked what it would take if something stood at one of them alone.
 */
export function placesTaken(
  handler: SecurityHandler,
  { places, whole }: ReadSource,
  credential: unknown,
  request: SecurityRequest,
): readonly CredentialPlace[] {
  const filled = filledIn(places, request);
  // What is refused as malformed may be malformed because of all of them.
  if (filled.length < 2 || isVerdict(credential)) return filled;
  const explicit = filled.filter(({ isAmbient }) => !isAmbient);
  const claimed = explicit.filter((place) => whole.includes(place));
  if (claimed.length > 0) return claimed;
  const taken = explicit.filter((place) => takesAlone(handler, place, filled, request));
  return taken.length > 0 ? taken : filled.filter(({ isAmbient }) => isAmbient);
}

function takesAlone(
  handler: SecurityHandler,
  place: CredentialPlace,
  filled: readonly CredentialPlace[],
  request: SecurityRequest,
): boolean {
  const alone = lacking(request, new Set(filled.filter((other) => other !== place).map(partOf)));
  return (
    attemptTo(
      () => handler.extract(alone),
      () => undefined,
    ) !== undefined
  );
}

/** The part of a request in which a place is: a header field, `?` for the query, or `certificate`. */
function partOf({ at }: CredentialPlace): string {
  const [kind, name = ''] = at.split(':', 2);
  return kind === 'header' ? name : PARTS[kind as keyof typeof PARTS];
}

const PARTS = {
  authorization: 'authorization',
  cookie: 'cookie',
  query: '?',
  subprotocol: 'sec-websocket-protocol',
  tls: 'certificate',
} as const;

/** The request as if the client had not sent these parts. */
function lacking(request: SecurityRequest, parts: ReadonlySet<string>): SecurityRequest {
  const { method, target, remoteAddress, headersFrom, route } = request;
  const lines = SecurityRequest.linesOf(request);
  const isKept = (index: number) => !parts.has((lines[index - (index % 2)] as string).toLowerCase());
  return new SecurityRequest({
    ...{ method, remoteAddress, headersFrom, route },
    target: parts.has('?') ? (target.split('?', 1)[0] as string) : target,
    rawHeaders: lines.filter((_, index) => isKept(index)),
    clientCertificate: () => (parts.has('certificate') ? undefined : request.clientCertificate()),
  });
}
