import type { ConfigurationError, SecurityHandler } from '@sallyport/core';
import { closeHandlers, disregard, isHandler, type Patience, quotedName } from '@sallyport/core/extend';
import { claim, release } from './ownership.js';

/** Where the handlers of a chain come from. */
export interface HandlerSource {
  /** Makes the handler of this name. May ask for other handlers meanwhile. */
  build(name: string): unknown;
  /** An error about the handler of this name. */
  error(name: string, problem: string): ConfigurationError;
  /** What to do about a handler of another open chain, and about a handler with another name than that of its entry. */
  readonly fixes: { readonly shared: string; readonly misnamed: string };
}

/** The handlers of one chain, each built on first use. */
export class BuiltHandlers {
  readonly #source: HandlerSource;
  readonly #byName = new Map<string, SecurityHandler>();
  readonly #all = new Set<SecurityHandler>();
  /** The names of the handlers under construction, the outermost first. */
  readonly #building: string[] = [];

  constructor(source: HandlerSource) {
    this.#source = source;
  }

  /** All handlers. A handler comes after the handlers that it uses. */
  get all(): readonly SecurityHandler[] {
    return [...this.#all];
  }

  /** The name of the innermost handler under construction. */
  get current(): string | undefined {
    return this.#building.at(-1);
  }

  /** The handler of this name. `circle` makes the error about a handler that needs itself. */
  named(name: string, circle: HandlerSource['error'] = this.#source.error): SecurityHandler {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#building.includes(name)) {
      const names = [...this.#building.slice(this.#building.indexOf(name)), name].map(quotedName);
      throw circle(name, `needs itself to be built: ${names.join(' needs ')}`);
    }
    this.#building.push(name);
    try {
      const built = this.#checked(this.#source.build(name), name);
      this.own(built);
      this.#byName.set(name, built);
      return built;
    } finally {
      this.#building.pop();
    }
  }

  /** Adds a handler, also one that was not built here. */
  own(handler: SecurityHandler): void {
    if (this.#all.has(handler)) return;
    const { error, fixes } = this.#source;
    if (!claim(handler)) throw error(handler.name, `belongs to another open chain; ${fixes.shared}`);
    this.#all.add(handler);
  }

  /** Closes the handlers, last first. */
  async close({ clock, timeoutMs }: Patience, failures: unknown[]): Promise<void> {
    await closeHandlers(this.all, clock, timeoutMs).catch((error: AggregateError) => failures.push(...error.errors));
  }

  /** Lets other chains have the handlers. */
  release(): void {
    release(this.#all);
  }

  #checked(built: unknown, name: string): SecurityHandler {
    const { error, fixes } = this.#source;
    disregard(built);
    if (!isHandler(built))
      throw error(name, 'is no handler: it needs name, one or more challenges, extract() and verify()');
    if (built.name !== name) throw error(name, `calls itself ${quotedName(built.name)}; ${fixes.misnamed}`);
    return built;
  }
}
