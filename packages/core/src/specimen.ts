const specimens: object[] = [];

/**
 * Keeps one object of a class alive whose others end with their request. V8 ties optimised code, and how it lays the
 * objects of a class out, to objects that live: a full collection at a quiet moment throws both away, and the next
 * thousand decisions cost three times as much.
 */
export function keepSpecimen(specimen: object): void {
  specimens.push(specimen);
}
