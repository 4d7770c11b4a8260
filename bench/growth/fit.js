import { median } from '../report.js';

/**
 * How steeply a cost grows with number: the exponent of the power that fits best, which is the slope of a line through the
 * points on logarithmic axes. 0 is a constant cost, 1 is linear growth. Points that are not above zero are left out.
 *
 * @param {readonly (readonly [number: number, cost: number])[]} points
 */
export function exponentOf(points) {
  const logs = points.filter((point) => point.every((each) => each > 0)).map((point) => point.map(Math.log));
  if (logs.length < 2) return 0;
  const [x, y] = [0, 1].map((axis) => logs.reduce((sum, log) => sum + log[axis], 0) / logs.length);
  const along = logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
  return logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0) / along;
}

/** What one more costs at most, between each number and the next. */
export function dearestStep(points) {
  return dearestOfRounds([points]);
}

/** The same for rounds in which all numbers take turns: of each step, the median over the rounds. */
export function dearestOfRounds(rounds) {
  const steps = rounds.map(stepsOf);
  return Math.max(...steps[0].map((_, index) => median(steps.map((each) => each[index]))));
}

function stepsOf(points) {
  return points.slice(1).map(([number, cost], index) => {
    const [previous, before] = points[index];
    return (cost - before) / (number - previous);
  });
}
