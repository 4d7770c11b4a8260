import type { SecurityHandler, SecurityScheme } from '@sallyport/core';
import { declaredMember, sourceOf } from '@sallyport/core/extend';

/** Every way to describe the credential of a handler: what it says itself, then what follows from its places. */
export function schemesOf(handler: SecurityHandler): readonly SecurityScheme[] {
  const { places } = sourceOf(handler);
  return [...(declaredMember(handler, 'securitySchemes') ?? []), ...places.flatMap(({ at }) => schemeAt(at))];
}

/** OpenAPI has no word for WebSocket sub-protocols. */
function schemeAt(at: string): readonly SecurityScheme[] {
  const [kind, name = ''] = at.split(':', 2);
  if (kind === 'authorization') return [{ type: 'http', scheme: name }];
  if (kind === 'header' || kind === 'query' || kind === 'cookie') return [{ type: 'apiKey', in: kind, name }];
  return kind === 'tls' ? [{ type: 'mutualTLS' }] : [];
}

/** A scheme of a definition, of which nothing is known. */
export type DeclaredScheme = Readonly<Record<string, unknown>>;

/** Whether a description of a handler's credential fits what the definition says of it. */
export function fits(told: SecurityScheme, declared: DeclaredScheme): boolean {
  switch (declared['type']) {
    case 'oauth2':
    case 'openIdConnect':
      return isOfTokens(told);
    case 'http':
      return told.type === 'http' && isSame(told.scheme, declared['scheme']);
    case 'apiKey':
      return (
        told.type === 'apiKey' &&
        told.in === declared['in'] &&
        // The names of header fields are case-insensitive (RFC 9110 5.1).
        (told.in === 'header' ? isSame(told.name, declared['name']) : told.name === declared['name'])
      );
    default:
      return told.type === declared['type'];
  }
}

/** What OAuth and OpenID Connect issue goes to an API as a token. */
function isOfTokens(told: SecurityScheme): boolean {
  if (told.type === 'oauth2' || told.type === 'openIdConnect') return true;
  return told.type === 'http' && (isSame(told.scheme, 'bearer') || isSame(told.scheme, 'dpop'));
}

function isSame(one: string, other: unknown): boolean {
  return typeof other === 'string' && one.toLowerCase() === other.toLowerCase();
}
