const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * How many members a JSON text spells out: colons outside of strings. `JSON.parse` keeps only one of several members with the
 * same name: a text that spells out more than are left has duplicates (RFC 8259 4). `json` must be valid.
 */
export function namesSpeltOut(json: string): number {
  let count = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) isInString = !isInString;
    else if (code === BACKSLASH) index += 1;
    else if (code === COLON && !isInString) count += 1;
  }
  return count;
}
