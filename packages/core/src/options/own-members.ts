/**
 * What an object itself holds under a name. Whatever it inherits does not count: one assignment to `Object.prototype`
 * anywhere in the process would otherwise be an option of everything.
 */
export function ownMember<Holder extends object, Name extends keyof Holder>(
  holder: Holder,
  name: Name,
): Holder[Name] | undefined {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/** A copy that inherits nothing, for whoever takes an object apart by names that may be absent. */
export function ownMembers<Holder extends object>(holder: Holder): Holder {
  return Object.assign(Object.create(null), holder);
}

/** A value that was read of an object, unless every object in the process has it: it is nobody's own then. */
export function unlessEverybodys<Value>(name: string, value: Value | undefined): Value | undefined {
  if (value === undefined || !Object.hasOwn(Object.prototype, name)) return value;
  return Object.getOwnPropertyDescriptor(Object.prototype, name)?.value === value ? undefined : value;
}

/**
 * Whether a class that an object was made of, or another object that it inherits from, has something under a name.
 * The prototype that all plain objects have in common is none of them.
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
