import { said } from '../token/details.js';

/** How a token's header names its key: by identifier, or by the thumbprint of its certificate (RFC 7515 4.1.4, 4.1.7). */
export interface KeyName {
  readonly id: string | undefined;
  readonly thumbprints: Thumbprints;
}

/** Thumbprints of a certificate (RFC 7515 4.1.7, 4.1.8; RFC 7517 4.8, 4.9). */
export interface Thumbprints {
  readonly x5t?: string | undefined;
  readonly 'x5t#S256'?: string | undefined;
}

export const THUMBPRINTS: readonly (keyof Thumbprints)[] = ['x5t', 'x5t#S256'];

const MAX_BYTES = 256;

/** An identifier is an opaque text that is only compared (RFC 7515 4.1.4). A thumbprint is compared as well. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_BYTES;
}

/** The name as one text; `undefined` where the header names no key. */
export function textOf({ id, thumbprints }: KeyName): string | undefined {
  return id ?? thumbprints['x5t#S256'] ?? thumbprints.x5t;
}

/** The name as the header says it, for operators. */
export function saidBy({ id, thumbprints }: KeyName): string {
  const member = THUMBPRINTS.findLast((each) => thumbprints[each] !== undefined);
  return id === undefined && member !== undefined ? said(member, thumbprints[member]) : said('kid', id);
}

/** What thumbprints say about a key: it is meant, another one is, or they cannot tell. */
export function meaningOf(wanted: Thumbprints, key: Thumbprints): 'meant' | 'another' | 'unsaid' {
  const said = THUMBPRINTS.filter((member) => wanted[member] !== undefined && key[member] !== undefined);
  if (said.some((member) => wanted[member] !== key[member])) return 'another';
  return said.length > 0 ? 'meant' : 'unsaid';
}
