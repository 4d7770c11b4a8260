import type { ConfigurationError, SecurityHandler } from '@sallyport/core';
import { closeHandlers, disregard, isHandler, type Patience, quotedName } from '@sallyport/core/extend';

/** Where the handlers of a chain come from. */
export interface HandlerSource {
  /** Makes the handler of this name. May ask for other handlers meanwhile. */
  build(name: string): unknown;
  /** An error about the handler of this name. */
  error(name: string, problem: string): ConfigurationError;
  /** What to do about a handler with another name than that of its entry. */
  readonly fixForName: string;
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
      this.#all.add(built);
      this.#byName.set(name, built);
      return built;
    } finally {
      this.#building.pop();
    }
  }

  /** Closes the handlers of a chain that came to nothing, last first. */
  async close({ clock, timeoutMs }: Patience, failures: unknown[]): Promise<void> {
    await closeHandlers(this, this.all, clock, timeoutMs).catch((error: AggregateError) =>
      failures.push(...error.errors),
    );
  }

  #checked(built: unknown, name: string): SecurityHandler {
    const { error, fixForName } = this.#source;
    disregard(built);
    if (!isHandler(built))
      throw error(name, 'is no handler: it needs name, one or more challenges, extract() and verify()');
    if (built.name !== name) throw error(name, `calls itself ${quotedName(built.name)}; ${fixForName}`);
    return built;
  }
}
