import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { anyOf } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { AUTH_GUARD } from './checked-classes.js';
import type { RequirementSource } from './decorators/demands.js';
import { Mounting } from './mounting.js';

/**
 * Asks the chain of `SallyportModule`, which puts it in front of all controllers. With `allowUnguarded` it stands where
 * `@UseGuards(SallyportGuard)` puts it. A refusal is written at once and past exception filters.
 * @example
 * @UseGuards(SallyportGuard)
 * class Orders {}
 */
export class SallyportGuard implements CanActivate {
  // As decorators would do: the bundler reads none. A property, so that subclasses may have constructors of their own.
  static {
    Injectable()(this);
    Inject(Mounting)(this.prototype, 'mounting');
  }

  declare readonly mounting: Mounting;

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.mounting.decide(context, undefined);
  }
}

/** What subclasses of the guard of `@nestjs/passport` may have. None of it would be called. */
const OF_PASSPORT = ['handleRequest', 'getAuthenticateOptions', 'logIn', 'getRequest'] as const;

/**
 * In place of `AuthGuard(['jwt', 'api-key'])` of `@nestjs/passport`: a guard that requires one of the handlers of these
 * names, where no `@Secured()` or `@Public()` beside it or nearer says otherwise. Without names, what the chain requires.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID, also in a subclass that overrides what only passport calls, and
 *   at start below the `@Secured()` or `@Public()` of a class
 * @example
 * @UseGuards(AuthGuard(['jwt', 'api-key']))
 * class Orders {}
 */
export function AuthGuard(names: string | readonly string[] = []): Type<CanActivate> {
  const wanted = [names].flat();
  const fallback: RequirementSource | undefined =
    wanted.length === 0 ? undefined : (handler) => anyOf(...wanted.map((name) => handler(name)));
  return class NamedHandlersGuard extends SallyportGuard implements OnModuleInit {
    static {
      Object.defineProperty(this.prototype, AUTH_GUARD, { value: true });
    }

    constructor() {
      super();
      const ignored = OF_PASSPORT.find((name) => name in this);
      if (ignored !== undefined) throw option.invalid('AuthGuard', `calls no ${ignored}(): leave it out`);
    }

    onModuleInit(): void {
      if (fallback !== undefined) this.mounting.expect(fallback);
    }

    override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
      return this.mounting.decide(context, fallback);
    }
  };
}
