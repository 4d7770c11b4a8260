import type { RouteKey } from '../request/request.js';
import { unnamed } from './operation.js';

/** Finds what belongs to the route that a framework chose, without making a string for each request. */
export class RouteIndex<Value> {
  readonly #byTemplate = new Map<string, Map<string, Value>>();

  add({ method, template }: RouteKey, value: Value): void {
    for (const name of [template, unnamed(template)]) {
      const byMethod = this.#byTemplate.get(name) ?? new Map<string, Value>();
      this.#byTemplate.set(name, byMethod.set(method, value));
    }
  }

  /** Router and definition may call a parameter by different names. */
  find(method: string, { template, mount = '' }: RouteKey): Value | undefined {
    const whole = mount + template;
    return this.#byTemplate.get(whole)?.get(method) ?? this.#byTemplate.get(unnamed(whole))?.get(method);
  }
}

/**
 * Whether the route that a framework chose can be the operation that was found by the path: routers may ignore case and
 * a trailing slash in their own templates, and of a mounted router only the end of its templates is known.
 */
export function canBe({ mount, template }: RouteKey, operation: { readonly template: string }): boolean {
  const whole = unspelt(operation.template);
  return mount === undefined ? whole === unspelt(template) : whole.endsWith(unspelt(template));
}

function unspelt(template: string): string {
  return unnamed(template).toLowerCase().replace(/\/$/, '');
}
