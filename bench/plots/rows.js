import { linearScale, logScale, tickText } from './scale.js';
import { bar, line, mark, picture, text } from './svg.js';

const WIDTH = 820;
const LEFT = 250;
const RIGHT = WIDTH - 110;
const ROW = 21;
const GROUP = 30;
const TOP = 84;

/**
 * A plot of rows in groups. On a linear axis each row is a bar; on a logarithmic one it is a point, because the length of a
 * bar would mean nothing there. Where several rounds were measured, a line shows between what half of them lie.
 *
 * @param {{ title: string, axis: string, footer: string, isLog: boolean, groups: readonly { name: string,
 *   rows: readonly { name: string, kind: 'limit' | 'ours' | 'peer', figure: number | { q1: number, median: number, q3: number } }[] }[] }} plot
 */
export function rowPlot({ title, axis, footer, isLog, groups }) {
  const rows = groups.flatMap((group) => group.rows.map(({ figure }) => spreadOf(figure)));
  const numbers = rows.flatMap(({ q1, q3 }) => [q1, q3]);
  const { ticks, at } = (isLog ? logScale : linearScale)(numbers, [LEFT, RIGHT]);
  const bottom = TOP + groups.reduce((sum, group) => sum + GROUP + group.rows.length * ROW, 0);
  const shapes = [text(20, 30, title, 'title'), ...legend(groups)];
  for (const tick of ticks) {
    shapes.push(line(at(tick), TOP, at(tick), bottom, 'grid'), text(at(tick), TOP - 6, tickText(tick), 'small middle'));
    shapes.push(text(at(tick), bottom + 16, tickText(tick), 'small middle'));
  }
  shapes.push(line(LEFT, TOP, LEFT, bottom, 'axis'));
  let y = TOP;
  for (const group of groups) {
    shapes.push(text(20, y + 21, group.name, 'head'));
    y += GROUP;
    for (const { name, kind, figure } of group.rows) {
      const { q1, median, q3 } = spreadOf(figure);
      const middle = y + ROW / 2;
      if (!isLog) shapes.push(bar(LEFT, y + 4, at(median) - LEFT, ROW - 8, kind));
      if (q1 !== q3) shapes.push(line(at(q1), middle, at(q3), middle, 'spread'));
      if (isLog) shapes.push(mark(at(median), middle, 0, kind));
      shapes.push(text(LEFT - 10, y + 15, name, 'right'));
      shapes.push(text(Math.max(at(median), at(q3)) + 9, y + 15, tickText(median)));
      y += ROW;
    }
  }
  shapes.push(text(RIGHT, bottom + 34, axis, 'small right'), text(20, bottom + 60, footer, 'small'));
  return picture(WIDTH, bottom + 74, title, shapes);
}

const KINDS = { limit: 'the least that could do it', ours: 'Sallyport', peer: 'other packages' };

function legend(groups) {
  const used = new Set(groups.flatMap((group) => group.rows.map(({ kind }) => kind)));
  let x = 26;
  return Object.entries(KINDS).flatMap(([kind, meaning]) => {
    if (!used.has(kind)) return [];
    const shapes = [mark(x, TOP - 32, 1, kind), text(x + 10, TOP - 28, meaning, 'small')];
    x += 30 + meaning.length * 6.4;
    return shapes;
  });
}

function spreadOf(figure) {
  return typeof figure === 'number' ? { q1: figure, median: figure, q3: figure } : figure;
}
