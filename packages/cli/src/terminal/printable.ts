/**
 * A text of a document or a token as one line that a terminal only shows: without control characters, which could move
 * the cursor or change what was printed before (CWE-150).
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

/** A text of several lines as one such line. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*\n\s*/g, ' '));
}
