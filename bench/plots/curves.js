import { logScale, tickText } from './scale.js';
import { curve, line, mark, picture, text, upright } from './svg.js';

const PANEL = { width: 400, height: 340 };
const INNER = { left: 64, right: 382, top: 126, bottom: 290 };
const TOP = 48;
const COLUMNS = 2;

/**
 * Curves of cost against number, one panel for each thing that is counted; both axes are logarithmic, so that a line of
 * slope one is linear growth.
 *
 * @param {{ title: string, footer: string, panels: readonly { title: string, x: string, y: string,
 *   curves: readonly { name: string, points: readonly (readonly [number, number])[] }[] }[] }} plot
 */
export function curvePlot({ title, footer, panels }) {
  const lines = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [PANEL.width * COLUMNS + 20, TOP + lines * PANEL.height + 26];
  const shapes = [text(20, 30, title, 'title'), text(20, height - 14, footer, 'small')];
  for (const [index, panel] of panels.entries()) {
    const left = 10 + (index % COLUMNS) * PANEL.width;
    const top = TOP + Math.floor(index / COLUMNS) * PANEL.height;
    shapes.push(...shapesOf(panel, left, top));
  }
  return picture(width, height, title, shapes);
}

function shapesOf({ title, x, y, curves }, left, top) {
  const points = curves.flatMap((each) => each.points);
  const [from, to] = [left + INNER.left, left + INNER.right];
  const [upper, lower] = [top + INNER.top, top + INNER.bottom];
  const across = logScale(
    points.map(([number]) => number),
    [from, to],
  );
  const upwards = logScale(
    points.map(([, cost]) => cost),
    [lower, upper],
  );
  const shapes = [text(left + 12, top + 18, title, 'head')];
  for (const tick of across.ticks) {
    shapes.push(line(across.at(tick), upper, across.at(tick), lower, 'grid'));
    shapes.push(text(across.at(tick), lower + 15, tickText(tick), 'small middle'));
  }
  for (const tick of upwards.ticks) {
    shapes.push(line(from, upwards.at(tick), to, upwards.at(tick), 'grid'));
    shapes.push(text(from - 6, upwards.at(tick) + 4, tickText(tick), 'small right'));
  }
  shapes.push(line(from, upper, from, lower, 'axis'), line(from, lower, to, lower, 'axis'));
  shapes.push(text(to, lower + 32, x, 'small right'), upright(left + 24, (upper + lower) / 2, y, 'small middle'));
  for (const [index, { name, points: own }] of curves.entries()) {
    const places = own.map(([number, cost]) => [across.at(number), upwards.at(cost)]);
    shapes.push(curve(places, `c${index}`), ...places.map(([px, py]) => mark(px, py, index, `c${index}`)));
    const labelY = top + 38 + index * 16;
    shapes.push(mark(left + 18, labelY - 4, index, `c${index}`), text(left + 30, labelY, name, 'small'));
  }
  return shapes;
}
