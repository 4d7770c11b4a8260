/**
 * The known name that another one probably means: it differs only in a slash at the end, in upper and lower case, in
 * white space around it, or in `http`.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return known.find((each) => rough(each) === rough(name));
}

function rough(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^http:/, 'https:')
    .replace(/\/$/, '');
}
