import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { option } from '@sallyport/core/extend';
import { askingMethods } from '../decorators/demands.js';

const METADATA = new Reflector();

/**
 * Nest 11 asks no global guard about messages, so that what their methods ask for needs a guard at the gateway.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkMessages(type: Type, isOurs: (guard: unknown) => boolean): void {
  const prototype: Readonly<Record<string | symbol, object>> = type.prototype;
  const open = askingMethods(type).find((key) => ![type, prototype[key]].some((place) => guardsAt(place).some(isOurs)));
  if (open !== undefined)
    throw option.invalid(
      `${type.name}.${String(open)}()`,
      'asks for something: put @UseGuards(SallyportGuard) at its gateway',
    );
}

function guardsAt(place: object | undefined): readonly unknown[] {
  return (place && METADATA.get<readonly unknown[] | undefined>('__guards__', place as Type)) ?? [];
}
