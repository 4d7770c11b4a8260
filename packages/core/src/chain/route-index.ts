import type { RouteKey } from '../request/request.js';

/** Finds what belongs to the route that a framework chose, without making a string for each request. */
export class RouteIndex<Value> {
  readonly #byTemplate = new Map<string, Map<string, Value>>();

  add({ method, template }: RouteKey, value: Value): void {
    for (const name of [template, unnamed(template)]) {
      const byMethod = this.#byTemplate.get(name) ?? new Map<string, Value>();
      this.#byTemplate.set(name, byMethod.set(method, value));
    }
  }

  /** A router that has no route for HEAD takes the one for GET (RFC 9110 9.3.2). */
  find({ method, template, mount = '' }: RouteKey): Value | undefined {
    const whole = mount + template;
    const value = this.#find(method, whole);
    return value === undefined && method === 'HEAD' ? this.#find('GET', whole) : value;
  }

  #find(method: string, template: string): Value | undefined {
    return this.#byTemplate.get(template)?.get(method) ?? this.#byTemplate.get(unnamed(template))?.get(method);
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

/** Router and definition may call a parameter by different names: `/pets/{id}` is `/pets/{petId}`. */
function unnamed(template: string): string {
  return template.replace(/\{[^}]*\}/g, '{}');
}
