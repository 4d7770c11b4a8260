const MAX_QUOTED = 120;

/** Shows a foreign text to operators: printable and short, so that it cannot forge lines of a log (CWE-117). */
export function quoted(value: unknown): string {
  const text = String(JSON.stringify(value)).replace(/[^\x20-\x7e]/g, '?');
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}
