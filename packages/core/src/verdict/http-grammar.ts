/** One character of a token (RFC 9110 5.6.2), as part of a regular expression. */
export const TOKEN_CHARACTER = "[!#$%&'*+.^_`|~0-9A-Za-z-]";

const TOKEN = new RegExp(`^${TOKEN_CHARACTER}+$`);
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Whether a text is a token (RFC 9110 5.6.2), such as a method, a field name, an authentication scheme or the name of
 * its parameter.
 */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a text may stand in a header line: no character may end the line (RFC 9110 5.5). */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/** Whether a text is printable ASCII, which all recipients read in the same way. */
export function isPrintable(text: string): boolean {
  return PRINTABLE.test(text);
}
