import type { ExecutionContext, Type } from '@nestjs/common';
import { type HttpAdapterHost, MetadataScanner, type ModuleRef, type ModulesContainer } from '@nestjs/core';
import { type Decider, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { RequirementSource } from './decorators/demands.js';
import { FoundHandlers } from './found-handlers.js';
import type { CheckedModuleOptions } from './module-options.js';
import type { Platform } from './platforms/platform.js';
import { platformOf } from './platforms/platform-of.js';
import { passes } from './request-door.js';
import { RouteGates } from './route-gates.js';

/** Where the module keeps its checked options. */
export const OPTIONS: unique symbol = Symbol('@sallyport/adapters/nest/options');

const METHODS = new MetadataScanner();

/** Stands for the requirement of the chain itself where gates of routes are kept by their requirement. */
const OF_CHAIN: object = Object.freeze({});

/** What a decider may have besides, as a chain does. */
interface Living {
  readonly handlers?: readonly SecurityHandler[];
  start?(): Promise<void>;
  close?(): Promise<void>;
}

/** What is there once Nest has made all providers. */
interface Mounted {
  readonly chain: Decider & Living;
  readonly handlers: FoundHandlers;
  /** Undefined in an application context without an HTTP server. */
  readonly platform: Platform | undefined;
}

/** A chain in an application of Nest: asked by its guards, started and closed with it. */
export class Mounting {
  readonly #container: ModuleRef;
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #gates = new WeakMap<object, RouteGates>();
  #mounted: Mounted | undefined;

  constructor(container: ModuleRef, host: HttpAdapterHost, modules: ModulesContainer) {
    this.#container = container;
    this.#host = host;
    this.#modules = modules;
  }

  /** Nest has declared the routes of controllers, and none of what other modules declare when they start. */
  async start(): Promise<void> {
    // Fails for options that live for one request: so would the chain.
    const options: CheckedModuleOptions = this.#container.get(OPTIONS);
    const chain: Decider & Living = this.#container.get(SecurityChain);
    const handlers = new FoundHandlers([...options.handlers, ...(chain.handlers ?? [])], this.#container);
    const { httpAdapter: adapter } = this.#host;
    const platform = adapter && (await platformOf(adapter, chain, options.given));
    this.#mounted = { chain, handlers, platform };
    this.#compileRoutes();
    if (!options.allowUnguarded) platform?.standBehind();
    await chain.start?.();
  }

  async close(): Promise<void> {
    await this.#mounted?.chain.close?.();
  }

  /** Whether a method may run. `fallback` stands in place of the requirement of the chain. */
  decide(context: ExecutionContext, fallback: RequirementSource | undefined): true | Promise<true> {
    if (context.getType() === 'http')
      return passes(context, this.#gatesOf(fallback).of(context.getClass(), context.getHandler()));
    throw option.invalid(
      `${context.getClass().name}.${context.getHandler().name}()`,
      `takes no request over HTTP (${context.getType()}), so that SallyportGuard cannot decide about it`,
    );
  }

  /** A guard that stands somewhere with a requirement of its own: wrong names are found when the application starts. */
  expect(fallback: RequirementSource): void {
    const { platform, handlers } = this.#started;
    platform?.secure([handlers.requirementOf(fallback)]);
  }

  get #started(): Mounted {
    if (this.#mounted !== undefined) return this.#mounted;
    throw option.invalid('SallyportModule', 'has not started: call app.init() or app.listen()');
  }

  #gatesOf(fallback: RequirementSource | undefined): RouteGates {
    const known = this.#gates.get(fallback ?? OF_CHAIN);
    if (known !== undefined) return known;
    const { platform, handlers } = this.#started;
    if (platform === undefined) throw option.invalid('SallyportModule', 'has no HTTP server to decide about');
    const gates = new RouteGates(platform, handlers, fallback);
    this.#gates.set(fallback ?? OF_CHAIN, gates);
    return gates;
  }

  /** Wrong decorators are found when the application starts. */
  #compileRoutes(): void {
    if (this.#started.platform === undefined) return;
    const gates = this.#gatesOf(undefined);
    for (const { controllers } of this.#modules.values())
      for (const { metatype } of controllers.values()) {
        const { prototype } = metatype as Type<Record<string, object>>;
        for (const name of METHODS.getAllMethodNames(prototype)) gates.of(metatype as Type, prototype[name] as object);
      }
  }
}
