import { keepSpecimen } from '../brand/specimen.js';
import { unlessEverybodys } from '../options/own-members.js';
import { printsAs } from '../secrecy/prints-as.js';
import { isToken, TOKEN_CHARACTER } from '../verdict/http-grammar.js';

/** The Authorization header of a request, parsed once and shared by all handlers. */
export type Authorization = AbsentAuthorization | InvalidAuthorization | AuthorizationCredentials;

export interface AbsentAuthorization {
  readonly kind: 'absent';
}

export interface InvalidAuthorization {
  readonly kind: 'invalid';
  readonly reason: 'duplicate_authorization' | 'joined_credentials' | 'malformed_authorization';
}

/** Makes something of a credential: a pure function. */
export type Reader<Reading> = (credential: string) => Reading;

/** Printing it shows neither scheme nor value: if the client forgot the scheme, the credential stands in its place. */
export class AuthorizationCredentials {
  static {
    keepSpecimen(new this('', ''));
    printsAs(this, () => '[credentials]');
  }

  readonly #scheme: string;
  readonly #value: string;
  readonly #line: string;
  // The first reading has fields of its own. Most requests have only one, and this saves a list (bench: jwt).
  #reader: Reader<unknown> | undefined;
  #reading: unknown;
  #others: (readonly [reader: Reader<unknown>, reading: unknown])[] | undefined;

  constructor(scheme: string, value: string, line = '') {
    this.#scheme = scheme;
    this.#value = value;
    this.#line = line;
    this.#reader = undefined;
    this.#reading = undefined;
    this.#others = undefined;
    // All state is private, so `preventExtensions` is as strong as `freeze`, at half its cost.
    Object.preventExtensions(this);
  }

  get kind(): 'credentials' {
    return 'credentials';
  }

  /** In lower case, because schemes are case-insensitive (RFC 9110 11.1). */
  get scheme(): string {
    return this.#scheme;
  }

  /** The text after the scheme, still encoded; empty when there is none. */
  get value(): string {
    return this.#value;
  }

  /** Whether they are what parsing this line would give. */
  isOf(line: string): boolean {
    return this.#line === line;
  }

  /** What a reader makes of the value. Each reader is asked once, so it must be a pure function. */
  read<Reading>(reader: Reader<Reading>): Reading {
    if (this.#reader === reader) return this.#reading as Reading;
    const known = this.#others?.find(([other]) => other === reader);
    return known === undefined ? this.#learn(reader) : (known[1] as Reading);
  }

  #learn<Reading>(reader: Reader<Reading>): Reading {
    const reading = reader(this.#value);
    if (this.#reader === undefined) {
      this.#reader = reader;
      this.#reading = reading;
    } else {
      this.#others ??= [];
      this.#others.push([reader, reading]);
    }
    return reading;
  }
}

const ABSENT: Authorization = Object.freeze({ kind: 'absent' });
const DUPLICATE: Authorization = Object.freeze({ kind: 'invalid', reason: 'duplicate_authorization' });
const JOINED: Authorization = Object.freeze({ kind: 'invalid', reason: 'joined_credentials' });
const MALFORMED: Authorization = Object.freeze({ kind: 'invalid', reason: 'malformed_authorization' });

const USUAL = [
  ['Bearer ', 'bearer'],
  ['Basic ', 'basic'],
  ['DPoP ', 'dpop'],
] as const;
const TOKEN68_THEN_COMMA = /^[A-Za-z0-9\-._~+/]+=*[ \t]*,/;
/** A token after a comma, with no equals sign behind it, can only be another scheme. */
const SECOND_SCHEME = new RegExp(`,[ \\t]*${TOKEN_CHARACTER}+(?:[ \\t]+[^\\s,=]|[ \\t]*(?:,|$))`);
/** Ends at the closing quote or at the end of the line. It matches at every quote, so it takes linear time. */
const QUOTED_STRING = /"(?:[^"\\]|\\.)*("|\\?$)/g;

/**
 * Parses the raw header lines of a request. More than one Authorization line, or a second scheme after a comma, is
 * invalid, even if both are equal: a proxy and a server could use different ones (RFC 9110 5.3). `known` is what was
 * parsed before: given back if the line is the same.
 */
export function parseAuthorization(rawHeaders: readonly string[], known?: AuthorizationCredentials): Authorization {
  let line: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 13 || !isAuthorization(name)) continue;
    if (line !== undefined) return DUPLICATE;
    line = rawHeaders[index + 1] as string;
  }
  if (line === undefined) return ABSENT;
  return known?.isOf(line) === true ? known : parseLine(line);
}

/** Compares with the usual spellings first, which avoids a lower-case copy. */
function isAuthorization(name: string): boolean {
  return name === 'authorization' || name === 'Authorization' || name.toLowerCase() === 'authorization';
}

function parseLine(line: string): Authorization {
  const trimmed = withoutEdgeSpace(line);
  if (trimmed === '') return ABSENT;
  const space = trimmed.indexOf(' ');
  const scheme = schemeOf(trimmed, space);
  if (scheme === undefined) return MALFORMED;
  const value = space === -1 ? '' : withoutLeadingSpaces(trimmed, space + 1);
  if (value.includes(',') && joinsCredentials(value)) return JOINED;
  return new AuthorizationCredentials(scheme, value, line);
}

/** The scheme in lower case; `undefined` when it is no token. The usual spellings need no new string. */
function schemeOf(line: string, space: number): string | undefined {
  for (const [spelling, scheme] of USUAL) if (line.startsWith(spelling)) return scheme;
  const scheme = space === -1 ? line : line.slice(0, space);
  return isToken(scheme) ? scheme.toLowerCase() : undefined;
}

/** Cuts SP and HTAB off both ends (RFC 9110 5.5). Copies only when there is something to cut. */
function withoutEdgeSpace(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start += 1;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === line.length ? line : line.slice(start, end);
}

function isSpace(character: number): boolean {
  return character === 0x20 || character === 0x09;
}

/** The separator is 1*SP. A tab stays in the value, where no credential syntax allows it. */
function withoutLeadingSpaces(line: string, from: number): string {
  let start = from;
  while (line.charCodeAt(start) === 0x20) start += 1;
  return line.slice(start);
}

/** A quoted string that does not end could hide a second scheme, so it counts as one. */
function joinsCredentials(value: string): boolean {
  if (TOKEN68_THEN_COMMA.test(value)) return true;
  const bare = value.replace(QUOTED_STRING, (_string, end) => (end === '"' ? '""' : ',x'));
  return SECOND_SCHEME.test(bare);
}

/** The connection of a client, which sends one request after the other over it. */
export interface Connection {
  on(event: 'close', listener: () => void): unknown;
}

/** Nobody else can read what stands here, and printing a connection does not show it. */
const KEPT: unique symbol = Symbol('sallyport bearer');

interface KeepingConnection extends Connection {
  /** Null once it was dropped. */
  [KEPT]?: AuthorizationCredentials | null;
}

// What was parsed of the last good bearer header of a connection, and what handlers have made of it. It saves the next
// request with the same header this work, and nothing else: it is decided like any other (bench: jwt, introspection).

export function connectionOf(source: { readonly connection?: Connection | undefined }): Connection | undefined {
  return unlessEverybodys('connection', source.connection);
}

function keptOn(connection: Connection | undefined): AuthorizationCredentials | undefined {
  return (connection as KeepingConnection | undefined)?.[KEPT] ?? undefined;
}

/** The header of a request. Another one than is kept drops that, also where nobody refuses it: it is compared with it once. */
export function authorizationOn(connection: Connection | undefined, rawHeaders: readonly string[]): Authorization {
  const kept = keptOn(connection);
  const authorization = parseAuthorization(rawHeaders, kept);
  if (kept !== undefined && authorization !== kept && authorization.kind !== 'absent') dropFrom(connection);
  return authorization;
}

/** Keeps it until another one is kept, a request of the connection is refused, or the connection closes. */
export function keepOn(connection: KeepingConnection, credentials: AuthorizationCredentials): void {
  const known = connection[KEPT];
  if (known === credentials) return;
  if (known !== undefined) {
    connection[KEPT] = credentials;
    return;
  }
  Object.defineProperty(connection, KEPT, { value: credentials, writable: true });
  connection.on('close', () => dropFrom(connection));
}

export function dropFrom(connection: KeepingConnection | undefined): void {
  if (keptOn(connection) !== undefined) (connection as KeepingConnection)[KEPT] = null;
}
