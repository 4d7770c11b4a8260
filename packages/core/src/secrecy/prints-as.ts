import { inspect } from 'node:util';

/**
 * For a class whose objects hold what nobody may see: wherever such an object is printed, only `text` of it shows. That
 * covers inspection, JSON and template strings. It stands on the prototype, so an object costs nothing more. Call it in
 * a `static` block of the class.
 * @example
 * class ApiKey {
 *   static {
 *     printsAs(this, () => '[API key]');
 *   }
 *   // …
 * }
 */
export function printsAs<Type extends object>(of: { readonly prototype: Type }, text: (printed: Type) => string): void {
  function print(this: Type): string {
    return text(this);
  }
  for (const name of ['toString', 'toJSON', inspect.custom]) {
    Object.defineProperty(of.prototype, name, { value: print, writable: true, configurable: true });
  }
}
