import { createHash } from 'node:crypto';
import type { ChainStatistics, DecisionFigures, DividedFigures, NamedFigures } from '@sallyport/core';
import { escaped } from './escaped.js';

const STYLE = `body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin:0 0 2em}
th,td{padding:.3em .8em;border-bottom:1px solid #ccc;text-align:right;vertical-align:top}
th:first-child,td:first-child,td:nth-last-child(-n+2),th:nth-last-child(-n+2){text-align:left}caption{text-align:left;font-weight:bold}`;

/** The page loads nothing and runs nothing: only its own style is used. */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The statistics as a page for people. Every name is escaped: a client may be registered by anybody. */
export function analyticsPage(statistics: ChainStatistics): string {
  const { chain, sinceMs, untilMs, total, operations, clients, reasons } = statistics;
  const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Analytics</title><style>${STYLE}</style></head><body>
<h1>Analytics of ${escaped(chain)}</h1>
<p>Process ${process.pid}, from ${since} to ${until}. Reload for newer figures.</p>
${table('All', [['all decisions', total]])}
${table('By operation', rowsOf(operations, 'no operation'))}
${table('By client', rowsOf(clients, 'no client was proved'))}
${table('By reason', rowsOf(reasons, 'granted'))}
</body></html>
`;
}

type Row = readonly [name: string, figures: DecisionFigures];

/** The most frequent first. What is empty is left out. */
function rowsOf(divided: DividedFigures<NamedFigures>, none: string): readonly Row[] {
  const named = divided.rows.map((row): Row => [row.name, row]);
  const all: readonly Row[] = [...named, [none, divided.none], ['all others', divided.other]];
  return all
    .filter(([, { decisions }]) => decisions > 0)
    .toSorted(([, one], [, other]) => other.decisions - one.decisions);
}

const HEADINGS = ['decisions', 'granted', 'refused', 'limited', 'failed', 'cached', '50 %', '95 %', '99 %', 'longest'];

function table(caption: string, rows: readonly Row[]): string {
  const head = ['', ...HEADINGS, 'limits', 'reasons'].map((heading) => `<th scope="col">${heading}</th>`).join('');
  return `<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>
${rows.map(line).join('\n')}
</tbody></table>`;
}

function line([name, figures]: Row): string {
  const { decisions, granted, refused, limited, failed, duration, limits, reasons } = figures;
  const counts = [decisions, granted, refused, limited, failed].map(String);
  const times = [duration.p50Ms, duration.p95Ms, duration.p99Ms, duration.maxMs].map((ms) => `${rounded(ms)} ms`);
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const use = Object.entries(limits).map(([limit, { highestUse }]) => `${limit} ${Math.round(100 * highestUse)} %`);
  const cells = [name, ...counts, cached(figures), ...times, use.join(', '), why.join(', ')];
  return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

/** How many of the answers about credentials nobody had to be asked for. */
function cached({ cache }: DecisionFigures): string {
  const asked = Object.values(cache).reduce((sum, count) => sum + count, 0);
  const { hit, negative_hit: refused, shared_hit: shared, stale } = cache;
  return asked === 0 ? '' : `${Math.round((100 * (hit + refused + shared + stale)) / asked)} %`;
}

function rounded(milliseconds: number): string {
  return String(Number(milliseconds.toPrecision(3)));
}
