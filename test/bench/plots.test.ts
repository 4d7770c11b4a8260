import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const BENCH = join(__dirname, '../../bench');

/** The benches are scripts without types. */
async function plotsOf(benches: readonly object[]): Promise<ReadonlyMap<string, string>> {
  const plots: { plotsOf(results: object): Iterable<readonly [string, string]> } = await import(
    join(BENCH, 'plots/plots.js')
  );
  const machine = { cores: 2, processor: 'a processor' };
  return new Map(plots.plotsOf({ node: 'v20.19.0', machine, date: '2026-01-02T03:04:05Z', isQuick: false, benches }));
}

function adapters(...rows: readonly object[]): object {
  const columns = ['Koa', 'added, us', 'against bare'];
  return { name: 'adapters', loadAfter: 0.5, tables: [{ columns, rows }] };
}

describe('the plots of a run', () => {
  test('name every row but the bare server, with its figure', async () => {
    const plots = await plotsOf([
      adapters(
        { Koa: 'bare', 'added, us': 0, 'against bare': 1 },
        { Koa: 'limit', 'added, us': 1.5, 'against bare': 0.97 },
        { Koa: 'ours', 'added, us': 2.25, 'against bare': 0.95 },
        { Koa: 'a <peer>', 'added, us': 44, 'against bare': 0.25 },
      ),
    ]);
    const texts = [...(plots.get('added-cpu.svg') ?? '').matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['Koa', 'limit', 'Sallyport', 'a &lt;peer&gt;', '1.5', '2.25', '44']));
    expect(texts).not.toContain('bare');
    expect(plots.get('throughput.svg')).toContain('>0.95</text>');
  });

  test('show between what half of the rounds lie, where there were several', async () => {
    const spread = (figure: unknown) => plotsOf([adapters({ Koa: 'ours', 'added, us': figure, 'against bare': 1 })]);
    const line = 'class="spread"';
    expect((await spread({ q1: 1, median: 2, q3: 3 })).get('added-cpu.svg')).toContain(line);
    expect((await spread(2)).get('added-cpu.svg')).not.toContain(line);
  });

  test('place no shape outside the picture, whatever noise made of a figure', async () => {
    const plots = await plotsOf([
      adapters(
        { Koa: 'limit', 'added, us': -3, 'against bare': 1.2 },
        { Koa: 'ours', 'added, us': 0, 'against bare': 0.9 },
        { Koa: 'peer', 'added, us': 9_999, 'against bare': 0 },
      ),
    ]);
    for (const svg of plots.values()) {
      const width = Number(/ width="(\d+)"/.exec(svg)?.[1]);
      const places = [...svg.matchAll(/ (?:x|x1|x2|cx)="([^"]+)"/g)].map(([, place]) => Number(place));
      expect(places.filter((place) => !(place >= 0 && place <= width))).toEqual([]);
    }
  });

  test('are left out where nothing was measured for them', async () => {
    expect([...(await plotsOf([{ name: 'chain', loadAfter: 1, tables: [] }])).keys()]).toEqual([]);
  });
});
