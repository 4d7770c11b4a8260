import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { SecurityChain } from '@sallyport/core';
import { SallyportGuard } from './guard.js';
import { type CheckedModuleOptions, checkedModuleOptions, type SallyportModuleOptions } from './module-options.js';
import { Mounting, OPTIONS } from './mounting.js';

/** Options that a factory makes of providers of Nest's container, such as handlers. */
export interface SallyportModuleAsyncOptions<Request extends object = object, Response extends object = object> {
  /** Modules that export what the factory gets. */
  readonly imports?: ModuleMetadata['imports'];
  /** Tokens of what the factory gets, in the order of its parameters. */
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: FactoryProvider<SallyportModuleOptions<Request, Response>>['useFactory'];
}

/** Also a subclass, and an instance of either. */
function isSallyportGuard(guard: unknown): boolean {
  const prototype = typeof guard === 'function' ? guard.prototype : guard;
  return prototype === SallyportGuard.prototype || prototype instanceof SallyportGuard;
}

/**
 * Nest gives all global modules one distance, and starts those that are imported earlier first. What they declare then would
 * stand in front of the chain.
 */
function startFirst(modules: ModulesContainer): void {
  for (const module of modules.values())
    if (module.metatype === SallyportModule) module.distance = Number.POSITIVE_INFINITY;
}

const OPEN = Object.freeze({ canActivate: () => true });

/**
 * Puts a chain in front of all controllers of an application, on Express or Fastify. What no controller answers, such as
 * unknown paths, needs what the chain requires as well. The chain is a provider, with the class `SecurityChain` as its token.
 * @example
 * const imports = [SallyportModule.forRoot({ chain: new SecurityChain({ requirement: jwt }) })];
 */
export class SallyportModule implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  // As decorators would do: the bundler reads none.
  static {
    Module({})(this);
    Inject(Mounting)(this, undefined, 0);
  }

  readonly #mounting: Mounting;

  /** For Nest: applications call `forRoot` or `forRootAsync`. */
  constructor(mounting: Mounting) {
    this.#mounting = mounting;
  }

  /** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, ERR_SALLYPORT_OPTION_UNKNOWN */
  static forRoot<Request extends object, Response extends object>(
    options: SallyportModuleOptions<Request, Response>,
  ): DynamicModule {
    return moduleWith({
      provide: OPTIONS,
      useValue: checkedModuleOptions(options as unknown as SallyportModuleOptions),
    });
  }

  /**
   * The factory gets what `inject` names. What it returns is checked as `forRoot` checks it.
   * @example
   * class HandlersModule {}
   * const tokens = { imports: [HandlersModule], inject: ['jwt'] };
   * const chainOf = (jwt: SecurityHandler) => new SecurityChain({ requirement: jwt });
   * const imports = [SallyportModule.forRootAsync({ ...tokens, useFactory: (jwt) => ({ chain: chainOf(jwt) }) })];
   */
  static forRootAsync<Request extends object, Response extends object>({
    imports = [],
    inject = [],
    useFactory,
  }: SallyportModuleAsyncOptions<Request, Response>): DynamicModule {
    const options = async (...provided: unknown[]) =>
      checkedModuleOptions((await useFactory(...provided)) as unknown as SallyportModuleOptions);
    return moduleWith({ provide: OPTIONS, inject, useFactory: options }, imports);
  }

  onModuleInit(): Promise<void> {
    return this.#mounting.mount();
  }

  /** When all modules have what they need, such as connections. */
  onApplicationBootstrap(): Promise<void> {
    return this.#mounting.start();
  }

  /** Before Nest closes its server, which waits for answers that leases keep open. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#mounting.close();
  }
}

function moduleWith(options: Provider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  return {
    module: SallyportModule,
    global: true,
    imports,
    providers: [
      options,
      { provide: SecurityChain, inject: [OPTIONS], useFactory: ({ chain }: CheckedModuleOptions) => chain },
      {
        provide: Mounting,
        inject: [ModuleRef, HttpAdapterHost, ModulesContainer, ApplicationConfig],
        useFactory: (
          container: ModuleRef,
          host: HttpAdapterHost,
          modules: ModulesContainer,
          config: ApplicationConfig,
        ) => {
          startFirst(modules);
          return new Mounting(container, host, modules, config, isSallyportGuard);
        },
      },
      SallyportGuard,
      {
        provide: APP_GUARD,
        inject: [OPTIONS, SallyportGuard],
        useFactory: ({ allowUnguarded }: CheckedModuleOptions, guard: SallyportGuard) =>
          allowUnguarded ? OPEN : guard,
      },
    ],
    exports: [SecurityChain, Mounting, SallyportGuard],
  };
}
