/** Escapes HTML. Anybody may have chosen these names and addresses. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
