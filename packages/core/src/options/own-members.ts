/**
 * The own property of an object under a name. Inherited properties do not count: otherwise one assignment to
 * `Object.prototype` anywhere in the process would set an option of everything.
 */
export function ownMember<Holder extends object, Name extends keyof Holder>(
  holder: Holder,
  name: Name,
): Holder[Name] | undefined {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/** A copy that inherits nothing. Use it before you destructure members that may be absent. */
export function ownMembers<Holder extends object>(holder: Holder): Holder {
  return Object.assign(Object.create(null), holder);
}

/** A value that was read from an object; undefined when it comes from `Object.prototype`, which all objects share. */
export function unlessEverybodys<Value>(name: string, value: Value | undefined): Value | undefined {
  if (value === undefined || !Object.hasOwn(Object.prototype, name)) return value;
  return Object.getOwnPropertyDescriptor(Object.prototype, name)?.value === value ? undefined : value;
}

/** A member that an object or its class declares. One of `Object.prototype` does not count. */
export function declaredMember<Holder extends object, Name extends keyof Holder & string>(
  holder: Holder,
  name: Name,
): Holder[Name] | undefined {
  return Object.hasOwn(holder, name) || inheritsFromClass(holder, name) ? holder[name] : undefined;
}

/**
 * Whether the class of an object, or another prototype of it, has a property of this name. `Object.prototype` does not
 * count.
 */
export function inheritsFromClass(holder: object, name: string): boolean {
  let ancestor: object | null = Object.getPrototypeOf(holder);
  while (ancestor !== null) {
    const next: object | null = Object.getPrototypeOf(ancestor);
    if (next !== null && Object.hasOwn(ancestor, name)) return true;
    ancestor = next;
  }
  return false;
}
