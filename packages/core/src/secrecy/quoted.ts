const MAX_QUOTED = 120;

/** A foreign text as one printable line, so that it cannot forge lines of a log (CWE-117). */
export function oneLine(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[^\x20-\x7e\u2026]/g, '?');
}

/** Shows a foreign value to operators: printable, and cut to 120 characters. */
export function quoted(value: unknown): string {
  const text = String(JSON.stringify(value));
  return `${oneLine(text, MAX_QUOTED)}${text.length > MAX_QUOTED ? '…' : ''}`;
}
