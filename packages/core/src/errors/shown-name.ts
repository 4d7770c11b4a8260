/** A name as people choose them. Keys and tokens are longer, or have more digits. */
const NAME = /^[A-Za-z_$][\w.$-]{0,31}$/;
const MAX_DIGITS = 3;

/**
 * Whether a text from a configuration may stand in an error: what stands in the place of a name may be a secret that was
 * put into the wrong place.
 */
export function isNameLike(text: string): boolean {
  return NAME.test(text) && text.replace(/\D/g, '').length <= MAX_DIGITS;
}

/** A name as it is, or in words that it is not shown. */
export function shownName(name: string): string {
  return isNameLike(name) ? name : '(a name that is not shown)';
}

/** The same, and in quotes where it is shown. */
export function quotedName(name: string): string {
  return isNameLike(name) ? `"${name}"` : shownName(name);
}

/** Where a member stands: by its name or, where that is not shown, by its position, from 1. */
export function memberPath(owner: string, name: string, index: number): string {
  return isNameLike(name) ? `${owner}.${name}` : `${owner}[entry ${index + 1}]`;
}
