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
  find({ method, template }: RouteKey): Value | undefined {
    const value = this.#find(method, template);
    return value === undefined && method === 'HEAD' ? this.#find('GET', template) : value;
  }

  #find(method: string, template: string): Value | undefined {
    return this.#byTemplate.get(template)?.get(method) ?? this.#byTemplate.get(unnamed(template))?.get(method);
  }
}

/** Router and definition may call a parameter by different names: `/pets/{id}` is `/pets/{petId}`. */
function unnamed(template: string): string {
  return template.replace(/\{[^}]*\}/g, '{}');
}
