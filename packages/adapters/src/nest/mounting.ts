import type { Server } from 'node:http';
import type { ExecutionContext, Type, WebSocketAdapter } from '@nestjs/common';
import {
  type ApplicationConfig,
  type HttpAdapterHost,
  MetadataScanner,
  type ModuleRef,
  type ModulesContainer,
} from '@nestjs/core';
import { type Decider, SecurityChain, type SecurityHandler } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import type { RouteGate } from '../gate/gate.js';
import { markRouteGuard } from '../node/route-template.js';
import { checkClasses } from './checked-classes.js';
import { demandsOf, type RequirementSource } from './decorators/demands.js';
import { keepHandshake } from './decorators/handshakes.js';
import { FoundHandlers } from './found-handlers.js';
import { checkGateways } from './gateways/checked-gateways.js';
import { gatewaysOf } from './gateways/gateway-paths.js';
import { decideHandshakes } from './gateways/handshake-door.js';
import { InnerDoor } from './inner-door.js';
import type { CheckedModuleOptions } from './module-options.js';
import type { Ask, PlatformOptions } from './platforms/platform.js';
import { platformOf } from './platforms/platform-of.js';
import { passes } from './request-door.js';
import { RouteGates } from './route-gates.js';
import { checkServiceMessage } from './service-messages.js';

/** Where the module keeps its checked options. */
export const OPTIONS: unique symbol = Symbol('@sallyport/adapters/nest/options');

const METHODS = new MetadataScanner();

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
  readonly routes: RouteGates<Ask> | undefined;
  readonly inner: InnerDoor;
  readonly withinRoutes: RouteGates<RouteGate>;
}

/** A chain in an application of Nest: asked by its guards, started and closed with it. */
export class Mounting {
  readonly #container: ModuleRef;
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;
  readonly #isGuard: (guard: unknown) => boolean;
  readonly #granted = new WeakMap<object, Set<object>>();
  #mounted: Mounted | undefined;

  /** `isGuard` knows the classes of guards that ask this. */
  constructor(
    container: ModuleRef,
    host: HttpAdapterHost,
    modules: ModulesContainer,
    config: ApplicationConfig,
    isGuard: (guard: unknown) => boolean,
  ) {
    this.#isGuard = isGuard;
    this.#container = container;
    this.#host = host;
    this.#modules = modules;
    this.#config = config;
  }

  /** Nest has declared the routes of controllers, and none of what other modules declare when they start. */
  async mount(): Promise<void> {
    // Fails for options that live for one request: so would the chain.
    const { handlers: named, given, allowUnguarded }: CheckedModuleOptions = this.#container.get(OPTIONS);
    const chain: Decider & Living = this.#container.get(SecurityChain);
    const handlers = new FoundHandlers([...named, ...(chain.handlers ?? [])], this.#container);
    const { httpAdapter: adapter } = this.#host;
    const platform = adapter && (await platformOf(adapter, chain, given));
    const inner = new InnerDoor(chain, given);
    const withinRoutes = new RouteGates((demands) => inner.of(demands), handlers);
    const routes = platform && new RouteGates((demands) => markRouteGuard(platform.secure(demands)), handlers);
    this.#mounted = { chain, handlers, routes, inner, withinRoutes };
    this.#compileRoutes(routes, allowUnguarded);
    const isEverywhere = !allowUnguarded || this.#config.getGlobalGuards().some(this.#isGuard);
    checkClasses(this.#modules, { isOurs: this.#isGuard, isEverywhere });
    if (!allowUnguarded) platform?.standBehind();
    await this.#meetGateways(this.#mounted, given, allowUnguarded);
  }

  async start(): Promise<void> {
    await this.#mounted?.chain.start?.();
  }

  async close(): Promise<void> {
    await this.#mounted?.chain.close?.();
  }

  /** Whether a method may run. `fallback` stands in place of the requirement of the chain. */
  decide(context: ExecutionContext, fallback: RequirementSource | undefined): boolean | Promise<boolean> {
    const { routes, inner, withinRoutes } = this.#started;
    const type = context.getClass();
    const method = context.getHandler();
    if (context.getType() === 'http' && routes !== undefined) {
      const ask = routes.of(type, method, fallback);
      return this.#once(context, ask, () => passes(context, ask));
    }
    const { own, guards } = demandsOf(type, method);
    // Nobody is asked.
    if (own?.isPublic === true && guards.length === 0) return true;
    const gate = withinRoutes.of(type, method, fallback);
    return this.#once(context, gate, () => inner.passes(context, gate));
  }

  /** All guards of one run have one context. What was granted is not asked again: guards of a route may count requests. */
  #once(context: object, demands: object, decide: () => boolean | Promise<boolean>): boolean | Promise<boolean> {
    const granted = this.#granted.get(context) ?? new Set();
    if (granted.has(demands)) return true;
    this.#granted.set(context, granted);
    const keep = (isGranted: boolean): boolean => {
      if (isGranted) granted.add(demands);
      return isGranted;
    };
    const outcome = decide();
    return typeof outcome === 'boolean' ? keep(outcome) : outcome.then(keep);
  }

  /** A guard that stands somewhere with a requirement of its own: wrong names are found when the application starts. */
  expect(fallback: RequirementSource): void {
    const { inner, handlers } = this.#started;
    inner.of([handlers.requirementOf(fallback)]);
  }

  get #started(): Mounted {
    if (this.#mounted !== undefined) return this.#mounted;
    throw option.invalid('SallyportModule', 'has not started: call app.init() or app.listen()');
  }

  /** Wrong decorators are found when the application starts. */
  #compileRoutes(routes: RouteGates<Ask> | undefined, allowUnguarded: boolean): void {
    // A microservice that stands alone has the global guard.
    const hasOpenMessages = routes !== undefined || allowUnguarded;
    for (const { controllers } of this.#modules.values())
      for (const { metatype } of controllers.values()) {
        const { prototype } = metatype as Type<Record<string, object>>;
        for (const name of METHODS.getAllMethodNames(prototype)) {
          const method = prototype[name] as object;
          routes?.of(metatype as Type, method);
          if (hasOpenMessages) checkServiceMessage(metatype as Type, method, this.#isGuard, allowUnguarded);
        }
      }
  }

  /** The servers of gateways listen already, and no client can be there yet. */
  async #meetGateways(
    { chain, withinRoutes }: Mounted,
    given: PlatformOptions,
    allowUnguarded: boolean,
  ): Promise<void> {
    const gateways = gatewaysOf(this.#modules);
    const server: Server | undefined = this.#host.httpAdapter?.getHttpServer();
    const adapter: WebSocketAdapter | null | undefined = this.#config.getIoAdapter();
    // An application context opens no gateway: it has no adapter either.
    if (server === undefined && (gateways.length === 0 || !adapter)) return;
    checkGateways(gateways, { adapter, isOurs: this.#isGuard, allowUnguarded });
    if (!allowUnguarded)
      await decideHandshakes(server, gateways, ({ type }) => withinRoutes.demandsOf(type), chain, given);
    else if (gateways.length > 0)
      server?.prependListener('upgrade', (request, socket) => keepHandshake(socket, request));
  }
}
