/** What a token is made of (RFC 9110 5.6.2), as part of a regular expression. */
export const TOKEN_CHARACTER = "[!#$%&'*+.^_`|~0-9A-Za-z-]";

const TOKEN = new RegExp(`^${TOKEN_CHARACTER}+$`);
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** A token: methods, field names, authentication schemes and the names of their parameters (RFC 9110 5.6.2). */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What a header line may hold: nothing that ends it (RFC 9110 5.5). */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/** Printable ASCII: two recipients cannot read it differently. */
export function isPrintable(text: string): boolean {
  return PRINTABLE.test(text);
}
