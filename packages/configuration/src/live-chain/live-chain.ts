import {
  type Decider,
  type Decision,
  type GrantedDecision,
  type Guard,
  type Lease,
  type PublicAnswer,
  type Requirement,
  type SecurityChain,
} from '@sallyport/core';
import {
  type Eventually,
  type IncomingRequest,
  type LeaseTerms,
  option,
  type SecurityRequest,
} from '@sallyport/core/extend';
import type { BuiltChain } from '../chain/built-chain.js';
import { buildChain, type ChainServices, type CheckedServices, chainServices } from '../chain/chain-from.js';
import { areEqual, SourceFiles, type States, statesOf } from '../file/source-files.js';
import { problemOf, publishConfigurationEvent } from './configuration-events.js';
import { Terms } from './terms.js';

export const LIVE_CHAIN = option.table('LiveChainServices', {
  /** How often the files are looked at, in seconds. A change is taken after two looks in a row have found the same. */
  checkEverySeconds: option.withDefault(option.between(1, 86_400), 10),
});

export interface LiveChainServices extends ChainServices, option.Given<typeof LIVE_CHAIN> {}

export const liveChainServices = option.merged(chainServices, LIVE_CHAIN);

/**
 * Builds a decider from a configuration file and follows the file: a change of it, of its contract or of a file that it
 * refers to (`${file:…}`) is read, checked, built and started, and then takes over at once. A change that cannot be used
 * leaves everything as it is and is told by `onConfigurationEvent`. Start it before the first request and close it after
 * the last.
 * @param file a path or `file:` URL of a YAML or JSON file
 * @throws {ConfigurationError} as `chainFrom`, when the file cannot be used at the beginning
 * @example
 * const security = await liveChain('security.yaml', { kinds: builtInHandlers });
 * await security.start();
 * process.on('SIGHUP', () => security.reload());
 */
export async function liveChain(file: string | URL, services: LiveChainServices): Promise<LiveChain> {
  if (typeof file !== 'string' && !(file instanceof URL))
    throw option.invalid('the file of liveChain()', 'must be a path');
  const { checkEverySeconds, ...checked } = liveChainServices(services);
  const files = new SourceFiles();
  const chain = await buildChain(file, checked, files);
  return new LiveChain(file, checked, checkEverySeconds * 1_000, chain, files);
}

/** A decider that follows its configuration file. Made by `liveChain`. */
export class LiveChain implements Decider {
  readonly #file: string | URL;
  readonly #services: CheckedServices;
  readonly #everyMs: number;
  readonly #terms: Terms;
  readonly #endings = new Set<Promise<void>>();
  /** The files of the chain that decides. */
  #inEffect: States;
  /** The files at the last look. */
  #seen: States;
  /** The files to look at: those of the last attempt to build a chain. */
  #paths: readonly string[];
  #problem: Error | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Looks come one after the other. */
  #lastLook: Promise<unknown> = Promise.resolve();
  #cancel: (() => void) | undefined;

  /** For `liveChain` only. */
  constructor(
    file: string | URL,
    services: CheckedServices,
    everyMs: number,
    chain: BuiltChain,
    { states }: Pick<SourceFiles, 'states'>,
  ) {
    this.#file = file;
    this.#services = services;
    this.#everyMs = everyMs;
    this.#inEffect = states;
    this.#seen = states;
    this.#paths = [...states.keys()];
    this.#terms = new Terms(chain, services.clock.now());
  }

  /** The chain that decides now. It is closed after the next change, so do not keep it. */
  get chain(): SecurityChain {
    return this.#terms.current.chain;
  }

  /** Since when this chain decides, in milliseconds since the epoch. */
  get sinceMs(): number {
    return this.#terms.current.sinceMs;
  }

  /** Why the files as they are now are not in effect. Undefined when they are. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /**
   * Starts the chain, then begins to look at the files. A second call waits for the first.
   * @throws what the first failing handler reports, after all of them were closed
   */
  start(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#starting ??= this.#terms.current.chain.start(options).then(() => this.#lookLater());
    return this.#starting;
  }

  /** Stops looking and closes the chain. Waits also for chains before it that are not closed yet. */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  /**
   * Reads the files at once, also when they have not changed: for signals and tests. Never rejects.
   * @returns whether the files are in effect; if not, `problem` says why
   */
  async reload(): Promise<boolean> {
    await this.#inTurn(() => this.#take(true));
    return this.#problem === undefined && this.#closing === undefined;
  }

  /** Asks the chain that decides now, or the one that has granted the request earlier. */
  decide(request: SecurityRequest, earlier?: GrantedDecision, next?: Guard): Eventually<Decision> {
    return this.#terms.decide(request, earlier, next);
  }

  /** Lists the scopes of a guard that a route adds in the metadata of the resource, also after a change of the file. */
  expect(guard: Guard): void {
    this.#terms.expect(guard);
  }

  /** Asks the chain that granted, also if another one has taken over since. */
  authorize(granted: GrantedDecision, guard: Guard, request: SecurityRequest): Eventually<Decision> {
    return this.#terms.authorize(granted, guard, request);
  }

  /** Asks the chain that granted, also if another one has taken over since. */
  covers(granted: GrantedDecision, request: SecurityRequest): boolean {
    return this.#terms.covers(granted, request);
  }

  /** After a change of the file, the new chain is asked about it. If handlers or stores have changed, it ends. */
  lease(granted: GrantedDecision, request: IncomingRequest, terms: LeaseTerms): Lease {
    return this.#terms.lease(granted, request, terms);
  }

  readsBodies(method: string): boolean {
    return this.#terms.current.chain.readsBodies(method);
  }

  published(method: string, target: string): PublicAnswer | undefined {
    return this.#terms.current.chain.published(method, target);
  }

  /**
   * A decider with another requirement in the place of the configured one, for a route. It follows the file in all else.
   * The handlers of the requirement are the application's: a change of the file neither closes nor restarts them.
   * @throws {ConfigurationError} ERR_SALLYPORT_REQUIREMENT_INVALID, ERR_SALLYPORT_SOURCE_CONFLICT
   */
  requiring(requirement: Requirement): Decider {
    return this.#terms.requiring(requirement);
  }

  async #close(options: { timeoutMs?: number }): Promise<void> {
    this.#cancel?.();
    await this.#lastLook;
    await Promise.all([this.#terms.current.chain.close(options), ...this.#endings]);
  }

  #lookLater(): void {
    if (this.#closing !== undefined) return;
    this.#cancel = this.#services.clock.schedule(this.#everyMs, () => {
      this.#inTurn(() => this.#look()).then(() => this.#lookLater());
    });
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#lastLook.then(() => (this.#closing === undefined ? task() : undefined));
    this.#lastLook = turn;
    return turn;
  }

  /**
   * A file that is being written may be half there and still make sense, with fewer guards for example. So files are
   * taken only if the look before found the same in them.
   */
  async #look(): Promise<void> {
    const before = this.#seen;
    this.#seen = await statesOf(this.#paths);
    if (this.#problem === undefined && areEqual(this.#seen, this.#inEffect)) return;
    if (areEqual(this.#seen, before)) await this.#take(false);
  }

  /** Builds and starts a chain, and lets it take over. `isOrdered` takes files as they are, however new they are. */
  async #take(isOrdered: boolean): Promise<void> {
    const files = new SourceFiles();
    try {
      const chain = await buildChain(this.#file, this.#services, files);
      if (!isOrdered && !this.#isSettled(files)) return await chain.close();
      await this.#terms.prepare(chain);
      this.#succeed(chain, files.states);
    } catch (error) {
      if (isOrdered || this.#isSettled(files)) this.#reject(error);
    } finally {
      this.#paths = [...files.states.keys()];
    }
  }

  /** Whether the last look found everything that was read now. */
  #isSettled({ states }: SourceFiles): boolean {
    return [...states].every(([path, state]) => this.#seen.get(path) === state);
  }

  #succeed(chain: BuiltChain, states: States): void {
    const before = this.#terms.succeed(chain, this.#services.clock.now());
    this.#inEffect = states;
    this.#problem = undefined;
    publishConfigurationEvent({ kind: 'configuration_taken', file: String(this.#file) });
    const ending = before
      .end()
      .then(() => before.chain.close())
      .catch((error) => this.#tell('chain_left_open', error))
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }

  #reject(error: unknown): void {
    const problem = error instanceof Error ? error : new Error('something that is no error was thrown');
    const isNews = problemOf(problem) !== (this.#problem && problemOf(this.#problem));
    this.#problem = problem;
    if (isNews) this.#tell('configuration_rejected', problem);
  }

  #tell(kind: 'configuration_rejected' | 'chain_left_open', error: Error): void {
    publishConfigurationEvent({ kind, file: String(this.#file), problem: problemOf(error) });
  }
}
