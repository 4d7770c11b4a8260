import { allOf, anonymous, anyOf, type Requirement } from '@sallyport/core';
import { isScopeToken, noted, quotedName, RequiredScopes, scoped, shownName } from '@sallyport/core/extend';
import type { SecurityRequirementObject } from '../document/document.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';
import { noteDeprecated } from '../schemes/contract-events.js';
import { type SchemeEntry, schemeNamed } from '../schemes/declared-schemes.js';
import type { SchemeUse } from '../schemes/doubts.js';

/** Whether a token needs all scopes that are listed for its scheme, as OpenAPI says, or one of them, as in WSO2. */
export type ScopeMode = 'all' | 'any';

/** Security scheme names and their requirements: a handler, or several of them, such as `anyOf(jwt, introspection)`. */
export type SchemeRequirements = Readonly<Record<string, Requirement>>;

/** A `security` list, where it stands, and the operation that needs it. */
export interface SecurityPart {
  readonly security: readonly SecurityRequirementObject[];
  readonly pointer: Pointer;
  readonly operationId: string;
}

export interface SecuritySettings {
  readonly schemes: SchemeRequirements;
  readonly mode: ScopeMode;
  readonly declared: ReadonlyMap<string, SchemeEntry>;
  readonly faults: Faults;
}

/** Makes requirements of the `security` of one definition. */
export class SecurityCompiler {
  readonly #schemes: SchemeRequirements;
  readonly #mode: ScopeMode;
  readonly #faults: Faults;
  readonly #declared: ReadonlyMap<string, SchemeEntry>;
  readonly #uses: SchemeUse[] = [];
  /** By the JSON text of their `security`: operations of the same security share one requirement. */
  readonly #compiled = new Map<string, Requirement>();
  /** The places of those that cannot be compiled: what many operations inherit is told once. */
  readonly #refused = new Set<Pointer>();

  constructor({ schemes, mode, declared, faults }: SecuritySettings) {
    this.#schemes = schemes;
    this.#mode = mode;
    this.#declared = declared;
    this.#faults = faults;
  }

  /** The schemes that operations need; of operations that need the same, the first one. */
  get uses(): readonly SchemeUse[] {
    return this.#uses;
  }

  /**
   * Compiles a `security` list to a requirement (OpenAPI 3.0.4 4.8.30). The list is any-of, one object is all-of. `{}`
   * lets callers in who send nothing; an empty list is open to everybody. Scopes belong to their scheme: the proof of
   * that scheme must carry them. What is wrong becomes a fault of the definition, and there is no requirement then.
   */
  compile(part: SecurityPart): Requirement | undefined {
    const text = JSON.stringify(part.security);
    const known = this.#compiled.get(text);
    if (known !== undefined || this.#refused.has(part.pointer)) return known;
    const alternatives = part.security.map((_, index) => this.#alternative(part, index));
    if (!alternatives.every((alternative) => alternative !== undefined)) {
      this.#refused.add(part.pointer);
      return undefined;
    }
    const [first = anonymous(), ...others] = alternatives;
    const requirement = others.length === 0 ? first : anyOf(first, ...others);
    this.#compiled.set(text, requirement);
    return requirement;
  }

  /** Sorts the schemes by name, because the order of an object's members must not matter. */
  #alternative({ security, pointer, operationId }: SecurityPart, index: number): Requirement | undefined {
    const object = security[index] ?? {};
    const proofs = Object.keys(object)
      .toSorted()
      .map((key) => {
        const name = schemeNamed(key, this.#declared);
        return this.#proof({ name, scopes: object[key] ?? [], pointer: below(pointer, index, key), operationId });
      });
    if (!proofs.every((proof) => proof !== undefined)) return undefined;
    const [first = anonymous(), ...others] = proofs;
    return others.length === 0 ? first : allOf(first, ...others);
  }

  /** One scheme with its scopes. */
  #proof(use: SchemeUse): Requirement | undefined {
    const { name, scopes, pointer, operationId } = use;
    this.#uses.push(use);
    const scheme = Object.hasOwn(this.#schemes, name) ? this.#schemes[name] : undefined;
    const needs = `operation ${operationId} needs`;
    const lack = `${needs} the security scheme ${shownName(name)}, for which there is no handler`;
    this.#faults.expect(scheme !== undefined, pointer, lack);
    const areTokens = scopes.map((scope, index) => {
      const odd = `${needs} the scope ${quotedName(scope)}, which is none (RFC 6749 3.3)`;
      return this.#faults.expect(isScopeToken(scope), below(pointer, index), odd);
    });
    if (scheme === undefined || areTokens.includes(false)) return undefined;
    const distinct = [...new Set(scopes)];
    const rule = { match: this.#mode, strategy: 'exact', of: undefined } as const;
    const proof = distinct.length === 0 ? scheme : scoped(scheme, new RequiredScopes(distinct, rule));
    return this.#declared.get(name)?.scheme['deprecated'] === true ? noted(proof, noteDeprecated(name)) : proof;
  }
}
