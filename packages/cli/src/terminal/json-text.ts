const INVISIBLE = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Data as JSON for people and programs. Control and format characters that JSON would leave as they are stand there by their
 * number: a terminal might obey them (CWE-150).
 */
export function jsonText(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2).replace(INVISIBLE, numbersOf)}\n`;
}

function numbersOf(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${unit}`).join('');
}
