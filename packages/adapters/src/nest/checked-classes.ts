import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer, Reflector } from '@nestjs/core';
import { option } from '@sallyport/core/extend';
import { checkConstructor, type Demands, demandsOf, isDecorated } from './decorators/demands.js';
import { guardsAt, isGuarded } from './decorators/standing-guards.js';

/** At the prototypes of what `AuthGuard()` makes. */
export const AUTH_GUARD: unique symbol = Symbol.for('@sallyport/adapters/nest/auth-guard');

const METHODS = new MetadataScanner();
const METADATA = new Reflector();

/** Which guards of an application ask the chain. */
interface Guards {
  readonly isOurs: (guard: unknown) => boolean;
  /** One of them is asked about everything. */
  readonly isEverywhere: boolean;
}

/**
 * Whatever decorators of controllers and resolvers ask for is asked of somebody, and nothing nearer is left out for it.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkClasses(modules: ModulesContainer, guards: Guards): void {
  for (const { controllers, providers } of modules.values())
    for (const { metatype } of [...controllers.values(), ...providers.values()])
      if (isClass(metatype)) checkClass(metatype, guards);
}

/** Providers may also be made by functions. */
function isClass(metatype: unknown): metatype is Type<Readonly<Record<string, object>>> {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}

function checkClass(type: Type<Readonly<Record<string, object>>>, guards: Guards): void {
  const methods = METHODS.getAllMethodNames(type.prototype).map(
    (name) => [name, type.prototype[name] as object] as const,
  );
  if (
    !isDecorated(
      type,
      methods.map(([, method]) => method),
    )
  )
    return;
  checkConstructor(type);
  for (const [name, method] of methods) {
    const demands = demandsOf(type, method);
    const place = `${type.name}.${name}()`;
    checkNearest(place, type, method, demands);
    if (!guards.isEverywhere) checkGuarded(place, type, method, demands, guards);
  }
}

function checkNearest(place: string, type: Type, method: object, { owner }: Demands): void {
  if (owner === undefined) return;
  const beside = guardsAt(owner);
  const nearer = [...guardsAt(method), ...guardsAt(type).filter((guard) => !beside.includes(guard))];
  if (nearer.some(isAuthGuard))
    throw option.invalid(
      place,
      `has an AuthGuard() nearer than the @Secured() or @Public() of ${owner.name}, which would hold in its place: put @Secured() beside that guard`,
    );
}

function isAuthGuard(guard: unknown): boolean {
  const prototype: unknown = typeof guard === 'function' ? guard.prototype : guard;
  return typeof prototype === 'object' && prototype !== null && AUTH_GUARD in prototype;
}

/** Messages of gateways are checked apart. */
function checkGuarded(place: string, type: Type, method: object, { own, guards }: Demands, { isOurs }: Guards): void {
  const isAsking = own?.isPublic === false || guards.length > 0;
  if (!isAsking || !isHandler(method) || METADATA.get('websockets:is_gateway', type) === true) return;
  if (!isGuarded(type, method, isOurs))
    throw option.invalid(place, 'asks for something: put @UseGuards(SallyportGuard) at it or at its class');
}

/** Whether some decorator says what calls the method: a route, a query. */
function isHandler(method: object): boolean {
  return Reflect.getMetadataKeys(method).length > 0;
}
