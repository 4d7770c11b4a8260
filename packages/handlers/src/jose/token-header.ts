import { type Denied, denied } from '@sallyport/core';
import { parseStrictJson } from '@sallyport/core/extend';
import { oneOf, said } from '../token/details.js';
import { isKeyId, type KeyName } from './key-name.js';

/** What an issuer's tokens may say in their headers. */
export interface HeaderRules {
  readonly algorithms: ReadonlySet<string>;
  /** Accepted values of `typ` besides that of access tokens, in lower case and without `application/`. */
  readonly acceptTyp: ReadonlySet<string>;
  readonly allowMissingTyp: boolean;
  /** False where tokens of another kind are expected: an access token is then refused like any other. Default true. */
  readonly takesAccessTokens?: boolean | undefined;
  /** Headers of tokens whose signature was right. Without, each header is read anew. */
  readonly proved?: ProvedHeaders | undefined;
}

const MAX_PROVED = 64;
const MAX_PROVED_CHARACTERS = 512;

/** The headers of good tokens, as they were sent: most tokens of a key have the same one (bench: jwt). */
export class ProvedHeaders {
  readonly #bySent = new Map<string, TokenHeader>();

  find(sent: string): TokenHeader | undefined {
    return this.#bySent.get(sent);
  }

  keep(sent: string, header: TokenHeader): void {
    if (sent.length > MAX_PROVED_CHARACTERS || this.#bySent.has(sent)) return;
    if (this.#bySent.size === MAX_PROVED) this.#bySent.clear();
    this.#bySent.set(sent, header);
  }
}

export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** A header that meets the rules. */
export interface TokenHeader {
  readonly algorithm: string;
  readonly keyName: KeyName;
  /** The header says that this is an access token (RFC 9068 2.1). */
  readonly isAccessToken: boolean;
  /** The header offers a key, or an address of one. The offer is not used. */
  readonly offersKey: boolean;
}

const MALFORMED = denied('header_malformed');
const ENCRYPTION = denied('header_mixes_encryption');
const KEY_ID = denied('key_id_malformed');

/** Sources of keys that an attacker would choose (RFC 8725 3.10). */
const KEY_OFFERS = ['jwk', 'jku', 'x5c', 'x5u'];

/** Reads a token's header (RFC 7515 4, RFC 9068 2.1) in the order in which its members matter. */
export function readTokenHeader(encoded: string, rules: HeaderRules): TokenHeader | Denied {
  const proved = rules.proved?.find(encoded);
  if (proved !== undefined) return proved;
  const header = parseStrictJson(Buffer.from(encoded, 'base64url'));
  if (header === undefined) return MALFORMED;
  const { alg, crit, b64, enc, zip, typ } = header;
  if (typeof alg !== 'string' || !rules.algorithms.has(alg)) {
    return denied('algorithm_not_allowed', { detail: `${said('alg', alg)}, expected ${oneOf(rules.algorithms)}` });
  }
  if (crit !== undefined || b64 !== undefined) {
    return denied('header_extension_unknown', { detail: `${said('crit', crit)}, ${said('b64', b64)}` });
  }
  if (enc !== undefined || zip !== undefined) return ENCRYPTION;
  const type = tokenType(typ);
  const takesAccessTokens = rules.takesAccessTokens !== false;
  const isAccessToken = takesAccessTokens && type === ACCESS_TOKEN_TYPE;
  const isAccepted = type === undefined ? typ === undefined && rules.allowMissingTyp : rules.acceptTyp.has(type);
  if (!isAccessToken && !isAccepted) {
    const expected = [...(takesAccessTokens ? [ACCESS_TOKEN_TYPE] : []), ...rules.acceptTyp];
    const detail = `${said('typ', typ)}, expected ${oneOf(expected)}`;
    return denied('token_type_refused', { detail });
  }
  const keyName = keyNameOf(header);
  if (keyName === undefined) return KEY_ID;
  const offersKey = KEY_OFFERS.some((name) => header[name] !== undefined);
  return { algorithm: alg, keyName, isAccessToken, offersKey };
}

/** Thumbprints matter only without an identifier; beside one they are ignored. `undefined` when the name is malformed. */
function keyNameOf(header: Readonly<Record<string, unknown>>): KeyName | undefined {
  const { kid: id } = header;
  if (id !== undefined) return isKeyId(id) ? { id, thumbprints: {} } : undefined;
  const { x5t, 'x5t#S256': x5tS256 } = header;
  const isRight = (value: unknown): value is string | undefined => value === undefined || isKeyId(value);
  return isRight(x5t) && isRight(x5tS256) ? { id, thumbprints: { x5t, 'x5t#S256': x5tS256 } } : undefined;
}

const MEDIA_TYPE = /^(?:application\/)?([a-z0-9][a-z0-9!#$&^_.+-]*)$/i;

/**
 * A `typ` in lower case and without the optional prefix `application/` (RFC 7515 4.1.9). `undefined` for a text that is
 * no media type or has parameters.
 */
export function tokenType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? MEDIA_TYPE.exec(typ)?.[1]?.toLowerCase() : undefined;
}
