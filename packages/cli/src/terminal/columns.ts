/** Two columns of text. The second one starts at the same place in each line, and goes on there where it is long. */
export function columns(rows: readonly (readonly [first: string, second: string])[], width = 100): string {
  const start = Math.max(0, ...rows.map(([first]) => first.length)) + 4;
  return rows
    .flatMap(([first, second]) => {
      const [line = '', ...more] = wrapped(second, width - start);
      return [`  ${first.padEnd(start - 2)}${line}`, ...more.map((each) => ' '.repeat(start) + each)];
    })
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
