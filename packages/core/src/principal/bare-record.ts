/**
 * An object of JSON values that inherits nothing and never changes: whoever makes one fills it with what is frozen as well, and
 * freezes it. It has an empty prototype instead of none, because V8 keeps objects without a prototype as hash tables, at
 * twice the size (bench: cache).
 */
export class BareRecord {
  [name: string]: unknown;
  readonly #isFrozen = true;

  static is(value: object): boolean {
    return #isFrozen in value;
  }

  static {
    Reflect.deleteProperty(this.prototype, 'constructor');
    Object.setPrototypeOf(this.prototype, null);
    Object.freeze(this.prototype);
  }
}
