const specimens: object[] = [];

/**
 * Keeps one instance of a class for ever, so that V8 keeps the code that it has optimised for the class (docs/performance.md,
 * "Specimens"). For classes whose instances may all be garbage at once. Its numbers have to be of the kind that instances
 * have: V8 tells whole numbers from others.
 */
export function keepSpecimen(instance: object): void {
  specimens.push(instance);
}
