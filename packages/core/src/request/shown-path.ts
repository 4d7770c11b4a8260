const PIECES = /%(?:25)*[\dA-Fa-f]{2}|\w+/g;
/** Words in small letters or with a capital, versions, and encoded characters that a request is refused for. */
const PLAIN = /^(?:[A-Za-z][a-z]{0,19}|[A-Z]{1,4}|v\d|%(?:25)*(?:2[Ee]|2[Ff]|3[Bb]|5[Cc]))$/;

/** A path as operators may see it. It may carry a secret, so everything but plain words is shown as `{}`, as in a template. */
export function shownPath(path: string): string {
  return path.replace(PIECES, (piece) => (PLAIN.test(piece) ? piece : '{}'));
}
