/** Prints rows as a Markdown table. Columns are the keys of all rows, in the order in which they are met. */
export function printTable(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log(line(columns));
  console.log(`|${'---|'.repeat(columns.length)}`);
  for (const row of rows) console.log(line(columns.map((column) => row[column] ?? '')));
  console.log();
}

/** A goal that is reached by a figure of `limit` or less. */
export function atMost(goal, what, figure, limit, unit = '') {
  return rowOf(goal, what, figure, `<= ${limit}`, figure <= limit, unit);
}

/** A goal that is reached by a figure of `limit` or more. */
export function atLeast(goal, what, figure, limit, unit = '') {
  return rowOf(goal, what, figure, `>= ${limit}`, figure >= limit, unit);
}

function rowOf(goal, what, figure, aim, reached, unit) {
  const shown = Number.isInteger(figure) ? figure : figure.toFixed(2);
  return { '#': goal, goal: what, ours: `${shown} ${unit}`.trim(), aim: `${aim} ${unit}`.trim(), reached };
}

/** Prints goals as rows of the table in docs/performance.md. */
export function printGoals(goals) {
  printTable(goals.map(({ reached, ...row }) => ({ ...row, reached: reached ? 'yes' : 'no' })));
}

export const GOAL_HEAD = '| # | goal | ours | aim | reached |\n|---|---|---|---|---|';
/** Tells such a row from all others. */
export const GOAL_ROW = /^\| \d+ \| .* \| (?:yes|no) \|$/;

export function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1];
}

/** Few and short rounds: enough to see that a bench still runs, too few for its figures to mean anything. */
export const IS_QUICK = process.argv.includes('--quick');
