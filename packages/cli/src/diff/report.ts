import type { Paint } from '../terminal/colours.js';
import { counted } from '../terminal/counted.js';
import { jsonText } from '../terminal/json-text.js';
import { printable } from '../terminal/printable.js';
import { markdownTable } from '../terminal/tables.js';
import { type Change, opensSomething } from './change.js';

const NONE = 'Nothing that is enforced differs.\n';

export function diffText(changes: readonly Change[], paint: Paint): string {
  if (changes.length === 0) return NONE;
  const lines = changes.flatMap((change) => {
    const { effect, what, before, after } = change;
    const head = paint(styleOf(change), effect);
    return [
      `${head}: ${printable(what)}`,
      ...(before === undefined ? [] : [`  before: ${printable(before)}`]),
      ...(after === undefined ? [] : [`  after:  ${printable(after)}`]),
    ];
  });
  return `${lines.join('\n')}\n\n${summaryOf(changes)}\n`;
}

function styleOf(change: Change): 'red' | 'yellow' | 'green' {
  if (change.effect === 'may open') return 'yellow';
  return opensSomething(change) ? 'red' : 'green';
}

export function diffMarkdown(changes: readonly Change[]): string {
  if (changes.length === 0) return NONE;
  const rows = changes.map((change) => {
    const { effect, what, before = '', after = '' } = change;
    return [opensSomething(change) ? `**${effect}**` : effect, what, before, after];
  });
  return `${markdownTable(['effect', 'what', 'before', 'after'], rows)}\n${summaryOf(changes)}\n`;
}

export function diffJson(changes: readonly Change[]): string {
  return jsonText({ opens: changes.some(opensSomething), changes });
}

function summaryOf(changes: readonly Change[]): string {
  const opening = changes.filter(opensSomething).length;
  return `${counted(changes.length, 'difference')}, ${opening} of them open something or may.`;
}
