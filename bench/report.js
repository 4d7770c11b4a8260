/**
 * What benches print. Everything that is printed is also sent to `all.js`, with its numbers as numbers, if that has started
 * the bench: it writes them into bench/results.
 *
 * A cell of a table is a text, a number, or quartiles. A text that is a number is recorded as that number, so hand over a
 * number where its last digits count.
 */

/**
 * Prints rows as a Markdown table. Columns are the keys of all rows, in the order in which they are met. The first one says
 * what the rows are, and tells this table from the others of its bench.
 */
export function printTable(rows) {
  const columns = columnsOf(rows);
  print(columns, rows);
  const recorded = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, recordedOf(cell)])),
  );
  record({ table: { columns, rows: recorded } });
}

/** A goal that is reached by a figure of `limit` or less. */
export function atMost(goal, what, figure, limit, unit = '') {
  return { '#': goal, what, figure, bound: 'at most', limit, unit, reached: figure <= limit };
}

/** A goal that is reached by a figure of `limit` or more. */
export function atLeast(goal, what, figure, limit, unit = '') {
  return { '#': goal, what, figure, bound: 'at least', limit, unit, reached: figure >= limit };
}

/** Prints goals as rows of the table in docs/performance.md. */
export function printGoals(goals) {
  printGoalRows(goals);
  record({ goals });
}

/** The same, not recorded: what was recorded before. */
export function printGoalRows(goals) {
  const rows = goals.map(({ '#': goal, what, figure, bound, limit, unit, reached }) => ({
    '#': goal,
    goal: what,
    ours: `${Number.isInteger(figure) ? figure : figure.toFixed(2)} ${unit}`.trim(),
    aim: `${bound === 'at most' ? '<=' : '>='} ${limit} ${unit}`.trim(),
    reached: reached ? 'yes' : 'no',
  }));
  print(columnsOf(rows), rows);
}

export function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1];
}

/** The middle of several rounds, and between what half of them lie. As a cell of a table it shows all three. */
export function quartiles(numbers) {
  const sorted = numbers.toSorted((left, right) => left - right);
  const at = (share) => {
    const place = (sorted.length - 1) * share;
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place % 1);
  };
  return { q1: at(0.25), median: at(0.5), q3: at(0.75) };
}

/** Few and short rounds: enough to see that a bench still runs, too few for its figures to mean anything. */
export const IS_QUICK = process.argv.includes('--quick');

function columnsOf(rows) {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function print(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log(line(columns));
  console.log(`|${'---|'.repeat(columns.length)}`);
  for (const row of rows) console.log(line(columns.map((column) => textOf(row[column] ?? ''))));
  console.log();
}

function textOf(cell) {
  if (typeof cell === 'number') return numberText(cell);
  if (typeof cell === 'string') return cell;
  return `${numberText(cell.median)} (${numberText(cell.q1)} to ${numberText(cell.q3)})`;
}

/** Three digits, or all of an integer. */
function numberText(number) {
  if (Number.isInteger(number)) return String(number);
  const size = Math.abs(number);
  return number.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function recordedOf(cell) {
  return typeof cell === 'string' && /^-?\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : cell;
}

function record(what) {
  process.send?.(what);
}
