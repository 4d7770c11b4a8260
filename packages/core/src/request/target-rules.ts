/** Names of the relaxations; each is a flag of `FirewallOptions`. */
export type Relaxation =
  | 'allowEncodedSlash'
  | 'allowSemicolon'
  | 'allowDoubleSlash'
  | 'allowDoubleEncoding'
  | 'allowEncodedUnreserved'
  | 'allowBrowserCharacters';

/** One way in which two parsers can read a path differently. */
export interface PathRule {
  readonly reason: string;
  /** The flag that switches the rule off; undefined when there is none. */
  readonly relaxation: Relaxation | undefined;
  readonly breaks: (path: string) => boolean;
}

/** A character, plain or percent-encoded: rules match both spellings. */
const DOT = '(?:\\.|%2e)';
const SLASH = '(?:/|%2f|%5c)';

/** In the order of checking: the first broken rule names the reason. */
export const PATH_RULES: readonly PathRule[] = [
  { reason: 'path_encoding', relaxation: undefined, breaks: (path) => !isDecodable(path) },
  // C0, DEL, C1 and the line separators of Unicode: `.` in a regular expression does not match all of them.
  {
    reason: 'path_control_character',
    relaxation: undefined,
    breaks: broken(/%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f]|e2%80%a[89])/i),
  },
  {
    reason: 'path_dot_segment',
    relaxation: undefined,
    breaks: broken(new RegExp(`${SLASH}${DOT}{1,2}(?:${SLASH}|;|%3b|$)`, 'i')),
  },
  { reason: 'path_double_encoding', relaxation: 'allowDoubleEncoding', breaks: broken(/%25[0-9a-f]{2}/i) },
  { reason: 'path_encoded_slash', relaxation: 'allowEncodedSlash', breaks: broken(/%(?:2f|5c)/i) },
  { reason: 'path_semicolon', relaxation: 'allowSemicolon', breaks: broken(/;|%3b/i) },
  { reason: 'path_double_slash', relaxation: 'allowDoubleSlash', breaks: broken(/\/\//) },
  {
    reason: 'path_encoded_unreserved',
    relaxation: 'allowEncodedUnreserved',
    breaks: broken(/%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i),
  },
  { reason: 'path_browser_characters', relaxation: 'allowBrowserCharacters', breaks: broken(/[[\]|]/) },
];

function broken(pattern: RegExp): (path: string) => boolean {
  return (path) => pattern.test(path);
}

/** Whether every percent sign begins an encoded octet and the octets are UTF-8. */
function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
