/**
 * Where a number stands on an axis, and which numbers are written beside it.
 *
 * @param {readonly [from: number, to: number]} places on the picture
 */
export function logScale(numbers, [from, to]) {
  const positive = numbers.filter((number) => number > 0);
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  const share = (number) => (Math.log10(number) - low) / (high - low);
  // What is nothing, or less for the noise of measuring, stands at the edge.
  return { ticks, at: (number) => from + (to - from) * Math.max(0, number > 0 ? share(number) : 0) };
}

export function linearScale(numbers, [from, to]) {
  const most = Math.max(...numbers);
  const step = [1, 2, 2.5, 5, 10]
    .map((each) => each * 10 ** Math.floor(Math.log10(most / 5)))
    .find((each) => each * 6 >= most);
  const count = Math.ceil(most / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
  return { ticks, at: (number) => from + ((to - from) * Math.max(0, number)) / (count * step) };
}

/** Short: 10k for 10,000. */
export function tickText(number) {
  if (number >= 1e6) return `${number / 1e6}M`;
  if (number >= 1e3) return `${number / 1e3}k`;
  return String(Number(number.toPrecision(3)));
}
