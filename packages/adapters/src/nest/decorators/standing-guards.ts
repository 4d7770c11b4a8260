import type { Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

const METADATA = new Reflector();

/** Whether `@UseGuards` has put one of these guards at a class, or at a method of it. */
export function isGuarded(type: Type, method: object | undefined, isOurs: (guard: unknown) => boolean): boolean {
  return [type, method].some((place) => guardsAt(place).some(isOurs));
}

export function guardsAt(place: object | undefined): readonly unknown[] {
  return (place && METADATA.get<readonly unknown[] | undefined>('__guards__', place as Type)) ?? [];
}
