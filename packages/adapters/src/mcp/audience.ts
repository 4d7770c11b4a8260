import { type Decider, denied, type Guard, guard, type Principal } from '@sallyport/core';
import { option, PERMITTED, quoted } from '@sallyport/core/extend';

const METADATA = '/.well-known/oauth-protected-resource';

/** The identifier of the resource, as the decider publishes it now: a live chain may change it. */
export class PublishedResource {
  readonly #decider: Decider;
  #known: { readonly body: string; readonly identifiers: readonly string[] } | undefined;

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for what is no chain, and for one that publishes no metadata */
  constructor(decider: Decider) {
    if (typeof decider?.decide !== 'function')
      throw option.invalid('chain', 'must be a SecurityChain; await a promise of one');
    this.#decider = decider;
    if (this.identifiers.length === 0)
      throw option.invalid('chain', 'has no resource; clients of MCP find their way by its metadata (RFC 9728)');
  }

  /** In the spellings that authorization servers write: of an address without a path, with and without a slash. */
  get identifiers(): readonly string[] {
    const body = this.#decider.published?.('GET', METADATA)?.body;
    if (body === undefined) return [];
    if (this.#known?.body !== body) this.#known = { body, identifiers: spellingsOf(JSON.parse(body)) };
    return this.#known.identifiers;
  }
}

function spellingsOf({ resource }: { readonly resource?: unknown }): readonly string[] {
  if (typeof resource !== 'string') return [];
  const { origin, pathname } = new URL(resource);
  return pathname === '/' ? [origin, `${origin}/`] : [resource];
}

/**
 * Refuses tokens that were not issued for this server (RFC 8707 2; MCP, authorization, token handling). Other credentials, such as
 * keys and certificates, are issued for nobody else. It permits the rest.
 */
export function requireOwnAudience(accepted: () => readonly string[]): Guard<never> {
  return guard('audience of the mcp server', (principal) => {
    if (!isProvedByToken(principal)) return PERMITTED;
    const names = accepted();
    if (names.some((name) => principal.audience.includes(name))) return PERMITTED;
    return denied('audience_mismatch', {
      detail: `aud is ${quoted(principal.audience)}, expected ${quoted(names.length === 1 ? names[0] : names)}`,
    });
  });
}

/** For servers whose tokens name no audience. */
export const ANY_AUDIENCE: Guard<never> = guard('any audience', () => PERMITTED);

function isProvedByToken({ via }: Principal): boolean {
  return via.some(({ scheme }) => scheme === 'bearer' || scheme === 'dpop');
}
