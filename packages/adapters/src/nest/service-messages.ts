import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { option } from '@sallyport/core/extend';
import { demandsOf } from './decorators/demands.js';
import { isGuarded } from './decorators/standing-guards.js';

const METADATA = new Reflector();

/**
 * An application gives the microservices that it connects none of its global guards, unless they inherit its configuration.
 * So what takes their messages needs a guard at its place, or says that it is public.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkServiceMessage(
  type: Type,
  method: object,
  isOurs: (guard: unknown) => boolean,
  allowUnguarded: boolean,
): void {
  if (METADATA.get('microservices:handler_type', method as Type) === undefined) return;
  const { own, guards } = demandsOf(type, method);
  const isLeftOpen = (own?.isPublic ?? allowUnguarded) && guards.length === 0;
  if (isLeftOpen || isGuarded(type, method, isOurs)) return;
  throw option.invalid(
    `${type.name}.${(method as { readonly name: string }).name}()`,
    'takes messages of microservices, about which no chain can decide: say @Public() and put a guard of your own there, or put @UseGuards(SallyportGuard) there, which refuses them',
  );
}
