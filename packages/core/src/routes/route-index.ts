import type { RouteKey } from '../request/request.js';
import { unnamed } from './operation.js';

/**
 * Finds the value that belongs to the route that a framework chose. Nested maps avoid a new key string for each
 * request.
 */
export class RouteIndex<Value> {
  readonly #byTemplate = new Map<string, Map<string, Value>>();

  add({ method, template }: RouteKey, value: Value): void {
    for (const name of [template, unnamed(template)]) {
      const byMethod = this.#byTemplate.get(name) ?? new Map<string, Value>();
      this.#byTemplate.set(name, byMethod.set(method, value));
    }
  }

  /** Parameters may have different names in the router and in the definition. */
  find(method: string, { template, mount = '' }: RouteKey): Value | undefined {
    const whole = mount + template;
    return this.#byTemplate.get(whole)?.get(method) ?? this.#byTemplate.get(unnamed(whole))?.get(method);
  }
}

/**
 * Whether the route that a framework chose can be the operation that was found by path. Case and a trailing slash are
 * ignored, because routers may ignore them in templates. Of a mounted router's template only the end is known.
 */
export function canBe({ mount, template }: RouteKey, operation: { readonly template: string }): boolean {
  const whole = unspelt(operation.template);
  return mount === undefined ? whole === unspelt(template) : whole.endsWith(unspelt(template));
}

function unspelt(template: string): string {
  return unnamed(template).toLowerCase().replace(/\/$/, '');
}
