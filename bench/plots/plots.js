import { curvePlot } from './curves.js';
import { rowPlot } from './rows.js';

/** All plots of a run, by their file names. A plot is left out if the run has not measured what it shows. */
export function plotsOf(results) {
  const footer = footerOf(results);
  return Object.entries({
    'added-cpu.svg': addedCpu(results, footer, 'a known JWT', ONE),
    'added-cpu-many-tokens.svg': addedCpu(results, footer, 'one of many known JWTs', MANY_JWTS),
    'added-cpu-opaque-token.svg': addedCpu(results, footer, 'a known opaque token', OPAQUE),
    'throughput.svg': throughput(results, footer),
    'first-use.svg': firstUse(results, footer),
    'growth.svg': growth(results, footer),
  }).filter(([, svg]) => svg !== undefined);
}

/** The tables of a bench that have all these columns, and what their rows are: the name of their first column. */
function tablesOf({ benches }, name, ...columns) {
  const tables = benches.find((bench) => bench.name === name)?.tables ?? [];
  return tables
    .filter((table) => columns.every((column) => table.columns.includes(column)))
    .map(({ columns: [subject], rows }) => ({ subject, rows }));
}

const [ADDED, AGAINST_BARE] = ['added, us', 'against bare'];
/** The tables of a framework: what is sent stands behind its name, unless it is one JWT again and again. */
const ONE = /^([^,]+)$/;
const MANY_JWTS = /^([^,]+), \d+ JWTs in turn$/;
const OPAQUE = /^([^,]+), opaque token$/;

/** The rows of each framework about one kind of request, but that of the bare server. */
function byFramework(results, column, kind) {
  return tablesOf(results, 'adapters', column)
    .filter(({ subject }) => kind.test(subject))
    .map(({ subject, rows }) => ({
      name: kind.exec(subject)[1],
      rows: rows.filter((row) => row[subject] !== 'bare').map((row) => rowOf(row[subject], row[column])),
    }));
}

function addedCpu(results, footer, sent, kind) {
  return plotOfRows({
    title: `CPU time that ${sent} adds to a request`,
    axis: 'microseconds per request, logarithmic; less is better',
    isLog: true,
    groups: byFramework(results, ADDED, kind),
    footer,
  });
}

function throughput(results, footer) {
  return plotOfRows({
    title: 'Requests per second with a known JWT, against the bare server',
    axis: 'the bare server is 1; more is better',
    isLog: false,
    groups: byFramework(results, AGAINST_BARE, ONE),
    footer,
  });
}

const FIRST_USE = /^(\w+), a token never seen$/;

function firstUse(results, footer) {
  const groups = tablesOf(results, 'jwt', 'in flight', 'CPU us').flatMap(({ subject, rows }) => {
    const algorithm = FIRST_USE.exec(subject)?.[1];
    if (algorithm === undefined) return [];
    const widths = [...new Set(rows.map((row) => row['in flight']))];
    return widths.map((width) => ({
      name: `${algorithm}, ${width} in flight`,
      rows: rows.filter((row) => row['in flight'] === width).map((row) => rowOf(row[subject], row['CPU us'])),
    }));
  });
  return plotOfRows({
    title: 'CPU time for a JWT that was never seen before',
    axis: 'microseconds per token, of all threads; less is better',
    isLog: false,
    groups,
    footer,
  });
}

/** Each table of the growth bench that has a number in its first column; one panel for each unit, which ends a column. */
function growth(results, footer) {
  const panels = tablesOf(results, 'growth').flatMap(({ subject, rows }) => {
    if (typeof rows[0][subject] !== 'number') return [];
    const columns = Object.keys(rows[0]).filter((column) => column !== subject);
    const units = new Set(columns.map(unitOf));
    return [...units].map((unit) => ({
      title: subject,
      x: subject,
      y: unit,
      curves: columns
        .filter((column) => unitOf(column) === unit)
        .map((column) => ({
          name: column,
          points: rows.filter((row) => row[subject] > 0).map((row) => [row[subject], middleOf(row[column])]),
        })),
    }));
  });
  if (panels.length === 0) return undefined;
  return curvePlot({ title: 'Cost against number, both axes logarithmic', panels, footer });
}

function unitOf(column) {
  return column.split(', ').at(-1);
}

function plotOfRows(plot) {
  return plot.groups.length === 0 ? undefined : rowPlot(plot);
}

const OURS = /^(?:ours|decide\(\))/;
const LIMIT = /^limit\b|^the same in the thread pool$/;

function rowOf(name, figure) {
  if (OURS.test(name)) return { name: name.replace(OURS, 'Sallyport'), kind: 'ours', figure };
  return { name: name.replace(/^limit: /, ''), kind: LIMIT.test(name) ? 'limit' : 'peer', figure };
}

function middleOf(figure) {
  return typeof figure === 'number' ? figure : figure.median;
}

function footerOf({ node, machine, date, benches, isQuick }) {
  const load = Math.max(...benches.map(({ loadAfter }) => loadAfter));
  const warning = isQuick ? '; a quick run, whose figures mean nothing' : '';
  return `Node ${node.slice(1)}, ${machine.cores} x ${machine.processor}, load up to ${load}, ${date.slice(0, 10)}${warning}`;
}
