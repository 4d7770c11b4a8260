import type { GuardLike } from '@sallyport/core';
import { ConfigurationError, requireAuthentication, requireRoles, requireScopes } from '@sallyport/core';
import {
  asLimiting,
  authenticationOptions,
  type Clock,
  isScopeToken,
  option,
  ownMember,
  quotedName,
} from '@sallyport/core/extend';
import type { OperationObject, PathEntry } from '../document/document.js';
import { isPart, type Part } from '../document/shape.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';

/** The name of the extension in a definition. */
export const EXTENSION = 'x-sallyport';

const scopeToken: option.Check<string> = option.withSchema(option.text.schema, (value, name) => {
  if (isScopeToken(value)) return value;
  throw option.invalid(name, 'must be a scope-token of RFC 6749 3.3, without spaces');
});

export const extensionOptions = option.table('ContractExtension', {
  /** Roles of which the caller needs every one. An empty list takes back what the path or the definition asks for. */
  roles: option.optional(option.listOf(option.text)),
  /** Roles of which the caller needs one. An empty list takes back what the path or the definition asks for. */
  anyRole: option.optional(option.listOf(option.text)),
  /** Scopes of which the caller needs one, whichever scheme proved it. An empty list takes them back. */
  anyScope: option.optional(option.listOf(scopeToken)),
  /** How, and how lately, the user must have authenticated (RFC 9470). `{}` takes it back. */
  stepUp: option.optional(authenticationOptions),
  /**
   * What limits the caller's requests: guards by their names in the option `rateClasses`, asked before all others. They can
   * only refuse: that one permits opens nothing. An empty list takes them back.
   */
  rateClasses: option.optional(option.listOf(option.text)),
  /**
   * How old a remembered verdict may be that lets a request pass, in seconds. 0: none is taken. 86400, the longest lifetime
   * of one, takes back what the path or the definition asks for.
   */
  maxVerdictAgeSeconds: option.optional(option.between(0, 86_400)),
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

/** What the extensions ask of an operation. */
export interface ExtendedDemand {
  readonly guards: readonly GuardLike[];
  readonly maxVerdictAgeSeconds: number | undefined;
  /** The scopes of which one is needed, whichever scheme proved it. */
  readonly anyScope: AskedScopes;
}

/** Scopes, and the list in which they stand. */
export interface AskedScopes {
  readonly scopes: readonly string[];
  readonly pointer: Pointer;
}

/** What the guards of extensions are made of. */
export interface ExtensionMaterial {
  readonly guards: Readonly<Record<string, GuardLike>>;
  readonly rateClasses: Readonly<Record<string, GuardLike>>;
  readonly clock: Clock | undefined;
}

/** An extension, and where its owner stands. */
interface Level {
  readonly asked: Extension | undefined;
  readonly pointer: Pointer;
}

/** Makes guards of the extensions of one definition. */
export class ExtensionCompiler {
  readonly #material: ExtensionMaterial;
  readonly #faults: Faults;
  readonly #document: Part;
  readonly #read = new Map<Pointer, Extension | undefined>();
  /** By what they ask: operations that ask for the same share their guards. */
  readonly #made = new Map<string, readonly GuardLike[]>();

  constructor(document: Part, material: ExtensionMaterial, faults: Faults) {
    this.#document = document;
    this.#material = material;
    this.#faults = faults;
  }

  /** What an operation says goes before what its path says, and that before the definition, member by member. */
  demandOf({ id, object, path, pointer }: ExtendedOperation, isOpen: boolean): ExtendedDemand {
    const levels: readonly Level[] = [
      { asked: this.#at(object as Part, pointer), pointer },
      { asked: this.#at(path.item, path.pointer), pointer: path.pointer },
      { asked: this.#at(this.#document, ''), pointer: '' },
    ];
    const saying = (name: keyof Extension) => levels.find((level) => level.asked?.[name] !== undefined);
    const nearest = <Name extends keyof Extension>(name: Name): Extension[Name] => saying(name)?.asked?.[name];
    const asked = {
      roles: nearest('roles') ?? [],
      anyRole: nearest('anyRole') ?? [],
      anyScope: nearest('anyScope') ?? [],
      stepUp: nearest('stepUp') ?? NO_STEP_UP,
      rateClasses: nearest('rateClasses') ?? [],
      guards: nearest('guards') ?? [],
    };
    const ofCaller = ABOUT_THE_CALLER.filter((name) => Object.values(asked[name]).some((value) => value !== undefined));
    if (isOpen && ofCaller.length > 0) {
      const problem = `operation ${id} is open to everybody, but ${EXTENSION} asks for ${ofCaller.join(', ')}; take them back by empty ones`;
      this.#faults.add(pointer, problem);
    }
    const text = JSON.stringify(asked);
    const pointerOf = (name: keyof Extension) => saying(name)?.pointer ?? pointer;
    const guards = this.#made.get(text) ?? this.#guardsFor(asked, pointerOf);
    this.#made.set(text, guards);
    const anyScope = { scopes: asked.anyScope, pointer: below(pointerOf('anyScope'), EXTENSION, 'anyScope') };
    return { guards, maxVerdictAgeSeconds: nearest('maxVerdictAgeSeconds'), anyScope };
  }

  #guardsFor(asked: Asked, pointerOf: (name: keyof Extension) => Pointer): readonly GuardLike[] {
    const { roles, anyRole, anyScope, stepUp } = asked;
    const named = (member: 'guards' | 'rateClasses') =>
      asked[member].flatMap((name, index) => {
        const guard = ownMember(this.#material[member], name);
        const place = below(pointerOf(member), EXTENSION, member, index);
        const kind = member === 'guards' ? 'guard' : 'rate class';
        this.#faults.expect(guard !== undefined, place, `the option ${member} has no ${kind} ${quotedName(name)}`);
        if (guard === undefined) return [];
        return member === 'rateClasses' ? asLimiting(guard) : guard;
      });
    const hasStepUp = stepUp.acrValues !== undefined || stepUp.maxAgeSeconds !== undefined;
    return [
      ...named('rateClasses'),
      ...(anyScope.length > 0 ? [requireScopes(anyScope, { match: 'any' })] : []),
      ...(roles.length > 0 ? [requireRoles(roles)] : []),
      ...(anyRole.length > 0 ? [requireRoles(anyRole, { match: 'any' })] : []),
      ...(hasStepUp ? [requireAuthentication(stepUp, { clock: this.#material.clock })] : []),
      ...named('guards'),
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

const NO_STEP_UP = { acrValues: undefined, maxAgeSeconds: undefined };

/** Members that no caller without credentials can satisfy. */
const ABOUT_THE_CALLER = ['roles', 'anyRole', 'anyScope', 'stepUp'] as const satisfies readonly (keyof Extension)[];

type Asked = { readonly [Name in Exclude<keyof Extension, 'maxVerdictAgeSeconds'>]-?: NonNullable<Extension[Name]> };
