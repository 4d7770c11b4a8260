/** As long as the longest identifiers that are in use (SPIFFE ID 2.3). */
export const MAX_TEXT_BYTES = 2_048;
/** Written as what is no control character: a regular expression by property takes long to make. */
const CONTROL_CHARACTER = /[^\u0020-\u007e\u00a0-\uffff]/;

export function isText(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  return Buffer.byteLength(value) <= MAX_TEXT_BYTES && !CONTROL_CHARACTER.test(value);
}

/** Also true for null and "", which some servers write for what they do not know. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
