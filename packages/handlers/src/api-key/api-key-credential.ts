import { type Malformed, malformed } from '@sallyport/core';
import {
  type CredentialPlace,
  type CredentialSource,
  credentialPlace,
  type SecurityRequest,
} from '@sallyport/core/extend';
import type { KeyFormat } from './form/key-format.js';

/** The options that say where keys stand. */
export interface KeyPlaceSettings {
  readonly name: string;
  readonly header: string;
  readonly selective: boolean;
  readonly basicUser: boolean;
  readonly bearer: boolean;
  readonly query: string | undefined;
}

interface KeyPlace {
  readonly source: { readonly at: string; readonly selective: boolean };
  readonly place: CredentialPlace;
  /** The name of the header field, if that is the place. */
  readonly header: string | undefined;
  /** What a value at this place holds as a key. */
  readonly textIn: (value: string) => string;
}

const DOUBLED = malformed('duplicate_credentials');
/** A number, because `indexOf` looks for a text at several times the cost (bench: api-keys). */
const COLON = 0x3a;
const LEFT = 'it begins as a key does, and has not its form';

/** Finds the key of a request. */
export class KeyPlaces {
  readonly sources: readonly CredentialSource[];
  readonly #name: string;
  readonly #format: KeyFormat;
  readonly #places: readonly KeyPlace[];
  readonly #query: CredentialPlace | undefined;

  /** Warns where keys may stand in the query. */
  constructor({ name, header, selective, basicUser, bearer, query }: KeyPlaceSettings, format: KeyFormat) {
    this.#name = name;
    this.#format = format;
    this.#places = [
      placeAt(`header:${header.toLowerCase()}`, selective),
      ...(basicUser ? [placeAt('authorization:basic', true, userNameIn)] : []),
      ...(bearer ? [placeAt('authorization:bearer', true)] : []),
      ...(query === undefined ? [] : [placeAt(`query:${query}`, false)]),
    ];
    this.#query = query === undefined ? undefined : credentialPlace(`query:${query}`);
    this.sources = Object.freeze(this.#places.map(({ source }) => Object.freeze(source)));
    if (query !== undefined)
      process.emitWarning(
        `${name} takes keys from the query, which logs and histories keep (query)`,
        'SallyportWarning',
      );
  }

  /** The unchecked text of the key. */
  textIn(request: SecurityRequest): string | Malformed | undefined {
    let found: string | undefined;
    // Counted loops: this runs for every request (bench: api-keys).
    for (let index = 0; index < this.#places.length; index += 1) {
      const place = this.#places[index] as KeyPlace;
      const value = valueAt(place, request);
      if (value === undefined) continue;
      if (typeof value !== 'string') return value;
      const text = place.textIn(value);
      if (place.source.selective && !this.#format.fits(text)) {
        this.#noteLeft(text, request);
        continue;
      }
      if (found !== undefined) return DOUBLED;
      found = text;
    }
    return found;
  }

  /** Whether the key of this request stands in the query, if it has one. */
  isInQuery(request: SecurityRequest): boolean {
    return this.#query !== undefined && this.#query.valuesIn(request).length > 0;
  }

  #noteLeft(text: string, { trace }: SecurityRequest): void {
    if (trace !== undefined && text.startsWith(this.#format.beginning))
      trace.noteUnclaimed(this.#name, LEFT, 'api_key_malformed');
  }
}

function placeAt(at: string, selective: boolean, textIn = asItIs): KeyPlace {
  const header = at.startsWith('header:') ? at.slice('header:'.length) : undefined;
  return { source: { at, selective }, place: credentialPlace(at) as CredentialPlace, header, textIn };
}

/** The value at a place. A header field with one line, which nearly every request has, makes no list (bench: api-keys). */
function valueAt({ place, header }: KeyPlace, request: SecurityRequest): string | Malformed | undefined {
  if (header !== undefined) {
    const value = request.header(header);
    // Commas join lines, and no key has one.
    if (value?.includes(',') !== true) return value;
  }
  const values = place.valuesIn(request);
  return values.length > 1 ? DOUBLED : values[0];
}

function asItIs(value: string): string {
  return value;
}

/** The user name in Basic credentials (RFC 7617 2), whatever the password is: `curl -u KEY:` sends an empty one. */
function userNameIn(token68: string): string {
  const bytes = Buffer.from(token68, 'base64');
  const colon = bytes.indexOf(COLON);
  const name = colon === -1 ? '' : bytes.toString('latin1', 0, colon);
  bytes.fill(0);
  return name;
}
