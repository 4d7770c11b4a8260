import type { GuardLike } from '@sallyport/core';
import { ConfigurationError, requireRoles } from '@sallyport/core';
import { option, ownMember, quotedName } from '@sallyport/core/extend';
import type { OperationObject, PathEntry } from '../document/document.js';
import { isPart, type Part } from '../document/shape.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';

/** The name of the extension in a definition. */
export const EXTENSION = 'x-sallyport';

export const extensionOptions = option.table('ContractExtension', {
  /** Roles of which the caller needs every one. An empty list takes back what the path or the definition asks for. */
  roles: option.optional(option.listOf(option.text)),
  /** Roles of which the caller needs one. An empty list takes back what the path or the definition asks for. */
  anyRole: option.optional(option.listOf(option.text)),
  /** Guards that run after authentication, by their names in the option `guards`. An empty list takes them back. */
  guards: option.optional(option.listOf(option.text)),
});

type Extension = option.Kept<typeof extensionOptions>;

/** An operation, the path that it belongs to, and where it stands. */
export interface ExtendedOperation {
  readonly id: string;
  readonly object: OperationObject;
  readonly path: PathEntry;
  readonly pointer: Pointer;
}

/** Makes guards of the extensions of one definition. */
export class ExtensionCompiler {
  readonly #guards: Readonly<Record<string, GuardLike>>;
  readonly #faults: Faults;
  readonly #document: Part;
  readonly #read = new Map<Pointer, Extension | undefined>();
  /** By what they ask: operations that ask for the same share their guards. */
  readonly #made = new Map<string, readonly GuardLike[]>();

  constructor(document: Part, guards: Readonly<Record<string, GuardLike>>, faults: Faults) {
    this.#document = document;
    this.#guards = guards;
    this.#faults = faults;
  }

  /** What an operation says goes before what its path says, and that before the definition, member by member. */
  guardsOf({ id, object, path, pointer }: ExtendedOperation, isOpen: boolean): readonly GuardLike[] {
    const levels = [
      { asked: this.#at(object as Part, pointer), pointer },
      { asked: this.#at(path.item, path.pointer), pointer: path.pointer },
      { asked: this.#at(this.#document, ''), pointer: '' },
    ];
    const saying = (name: keyof Extension) => levels.find((level) => level.asked?.[name] !== undefined);
    const nearest = (name: keyof Extension) => saying(name)?.asked?.[name] ?? [];
    const asked = { roles: nearest('roles'), anyRole: nearest('anyRole'), guards: nearest('guards') };
    if (isOpen && asked.roles.length + asked.anyRole.length > 0) {
      const problem = `operation ${id} is open to everybody, but ${EXTENSION} asks for roles; take them back by empty lists`;
      this.#faults.add(pointer, problem);
    }
    const text = JSON.stringify(asked);
    const guards = this.#made.get(text) ?? this.#guardsFor(asked, saying('guards')?.pointer ?? pointer);
    this.#made.set(text, guards);
    return guards;
  }

  #guardsFor(
    { roles, anyRole, guards }: { readonly [Name in keyof Extension]-?: readonly string[] },
    pointer: Pointer,
  ) {
    const named = guards.flatMap((name, index) => {
      const guard = ownMember(this.#guards, name);
      const place = below(pointer, EXTENSION, 'guards', index);
      this.#faults.expect(guard !== undefined, place, `the option guards has no guard ${quotedName(name)}`);
      return guard ?? [];
    });
    return [
      ...(roles.length > 0 ? [requireRoles(roles)] : []),
      ...(anyRole.length > 0 ? [requireRoles(anyRole, { match: 'any' })] : []),
      ...named,
    ];
  }

  #at(owner: Part, pointer: Pointer): Extension | undefined {
    if (!this.#read.has(pointer)) this.#read.set(pointer, this.#extensionOf(owner, pointer));
    return this.#read.get(pointer);
  }

  /** An unknown member is a fault: nothing that is not enforced is taken. */
  #extensionOf(owner: Part, pointer: Pointer): Extension | undefined {
    const given = Object.hasOwn(owner, EXTENSION) ? owner[EXTENSION] : undefined;
    if (given === undefined) return undefined;
    const place = below(pointer, EXTENSION);
    if (!this.#faults.expect(isPart(given), place, `${EXTENSION} must be an object`)) return undefined;
    try {
      return extensionOptions(given, EXTENSION);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#faults.add(place, error.message);
      return undefined;
    }
  }
}
