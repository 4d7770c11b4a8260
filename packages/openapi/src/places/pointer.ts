/** A JSON pointer (RFC 6901) to a part of a definition, such as `/paths/~1pets/get`. The whole has the empty pointer. */
export type Pointer = string;

/** The pointer to a member below `owner`. */
export function below(owner: Pointer, ...names: readonly (string | number)[]): Pointer {
  return owner + names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The names of the members on the way to a part. */
export function namesOf(pointer: Pointer): readonly string[] {
  const [, ...names] = pointer.split('/');
  return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The part of a document that a pointer finds. Only own members count. */
export function partAt(document: unknown, pointer: Pointer): unknown {
  return namesOf(pointer).reduce<unknown>((part, name) => {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    return (part as Record<string, unknown>)[name];
  }, document);
}
