/** RFC 7617 2 sets no limits. These bound the cost of hashing and of counting. */
export const MAX_USER_NAME_BYTES = 256;
export const MAX_PASSWORD_BYTES = 1_024;

/**
 * True for UTF-8 that holds a control character, U+0000 to U+001F or U+007F to U+009F (RFC 7617 2). Works on bytes,
 * because a regular expression would keep the last matched text in memory.
 */
export function hasControlCharacter(utf8: Uint8Array): boolean {
  for (let index = 0; index < utf8.length; index += 1) {
    const byte = utf8[index] as number;
    if (byte < 0x20 || byte === 0x7f) return true;
    if (byte === 0xc2 && (utf8[index + 1] as number) < 0xa0) return true;
  }
  return false;
}

/**
 * Brings text into Unicode NFC. Sent and stored user names and passwords are compared in this form (RFC 7617 2.1,
 * RFC 8265).
 */
export function normalForm(text: string): string {
  return text.normalize('NFC');
}
