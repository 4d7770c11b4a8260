import { ConfigurationError } from '@sallyport/core';
import { ContractError, type ContractFault } from './contract-error.js';
import type { ParsedText, Place } from './parsed-text.js';
import { namesOf, type Pointer } from './pointer.js';

/** Collects the faults of one definition, so that all of them can be told at once. */
export class Faults {
  readonly #found = new Map<string, ContractFault>();
  readonly #text: ParsedText | undefined;

  /** `text` is what the definition was read from; undefined for a definition that was given as data. */
  constructor(text?: ParsedText | undefined) {
    this.#text = text;
  }

  get found(): readonly ContractFault[] {
    return [...this.#found.values()];
  }

  /** Where a part stands. Undefined for a definition that was given as data. */
  placeOf(pointer: Pointer): Place | undefined {
    return this.#text?.placeOf(namesOf(pointer));
  }

  /** The same fault of the same part counts once. Without a pointer it is about an option. */
  add(pointer: Pointer | undefined, problem: string): void {
    this.#found.set(`${pointer} ${problem}`, this.placed(pointer, problem));
  }

  /** A fault that is not added. Without a pointer it is about an option, not about a part of the definition. */
  placed(pointer: Pointer | undefined, problem: string): ContractFault {
    const { line, column } = (pointer !== undefined && this.placeOf(pointer)) || {};
    return Object.freeze({ pointer: pointer ?? '', problem, line, column });
  }

  /** Adds a fault unless the condition holds. Returns whether it does. */
  expect(holds: boolean, pointer: Pointer, problem: string): boolean {
    if (!holds) this.add(pointer, problem);
    return holds;
  }

  /** Runs a task whose error about the contract is a fault of this part. Returns undefined for such an error. */
  gather<Value>(pointer: Pointer, task: () => Value): Value | undefined {
    try {
      return task();
    } catch (error) {
      if (!(error instanceof ConfigurationError) || error.code !== 'ERR_SALLYPORT_CONTRACT_INVALID') throw error;
      this.add(pointer, error.message);
      return undefined;
    }
  }

  /** @throws {ContractError} if there is a fault */
  check(): void {
    if (this.#found.size > 0) throw new ContractError(this.found);
  }

  /** @throws {ContractError} with this fault and those before it */
  refuse(pointer: Pointer, problem: string): never {
    this.add(pointer, problem);
    throw new ContractError(this.found);
  }
}
