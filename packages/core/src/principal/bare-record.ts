/**
 * A frozen object of JSON values that inherits nothing.
 *
 * Caches hold millions of them, so they are as small as V8 allows (bench: cache):
 * - They have an empty prototype instead of none, because V8 keeps objects without a prototype as hash tables.
 * - There is a class for each number of members: V8 gives all objects of a class as much room as the first ones needed.
 * - The first members are assigned one by one, because V8 counts such lines to know how much room a class can need.
 */
export class BareRecord {
  [name: string]: unknown;

  /** For `of` alone. */
  constructor(names: readonly string[], values: readonly unknown[]) {
    const count = names.length;
    if (count > 0) this[names[0] as string] = values[0];
    if (count > 1) this[names[1] as string] = values[1];
    if (count > 2) this[names[2] as string] = values[2];
    if (count > 3) this[names[3] as string] = values[3];
    if (count > 4) this[names[4] as string] = values[4];
    if (count > 5) this[names[5] as string] = values[5];
    if (count > 6) this[names[6] as string] = values[6];
    if (count > 7) this[names[7] as string] = values[7];
    if (count > 8) this[names[8] as string] = values[8];
    if (count > 9) this[names[9] as string] = values[9];
    if (count > 10) this[names[10] as string] = values[10];
    if (count > 11) this[names[11] as string] = values[11];
    if (count > 12) this[names[12] as string] = values[12];
    if (count > 13) this[names[13] as string] = values[13];
    if (count > 14) this[names[14] as string] = values[14];
    if (count > 15) this[names[15] as string] = values[15];
    if (count > 16) this[names[16] as string] = values[16];
    if (count > 17) this[names[17] as string] = values[17];
    if (count > 18) this[names[18] as string] = values[18];
    if (count > 19) this[names[19] as string] = values[19];
    if (count > 20) this[names[20] as string] = values[20];
    if (count > 21) this[names[21] as string] = values[21];
    if (count > 22) this[names[22] as string] = values[22];
    if (count > 23) this[names[23] as string] = values[23];
    for (let index = 24; index < count; index += 1) this[names[index] as string] = values[index];
    Object.freeze(this);
  }

  /** The values have to be frozen as well. */
  static of(names: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
    const size = Math.min(names.length, MAX_SIZES);
    sizes[size] ??= classOfOneSize();
    return new sizes[size](names, values);
  }

  /** True also for what somebody made with this prototype: a brand would cost each record 8 bytes. */
  static is(value: object): boolean {
    return prototypes.has(Object.getPrototypeOf(value));
  }
}

/** Records with more members share a class. */
const MAX_SIZES = 64;
const sizes: (typeof BareRecord)[] = [];
const prototypes = new Set<unknown>();

function classOfOneSize(): typeof BareRecord {
  return class extends BareRecord {
    static {
      Reflect.deleteProperty(this.prototype, 'constructor');
      Object.setPrototypeOf(this.prototype, null);
      Object.freeze(this.prototype);
      prototypes.add(this.prototype);
    }
  };
}
