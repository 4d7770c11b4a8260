import { SetMetadata, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { GuardLike, Requirement, SecurityHandler } from '@sallyport/core';
import { option } from '@sallyport/core/extend';

/** A class as a token of Nest's container. */
export type HandlerClass = abstract new (...given: never[]) => SecurityHandler;

/** Finds a handler: by its name in the chain or in the option `handlers`, or a provider of Nest's container by its token. */
export type FindHandler = (which: string | symbol | HandlerClass) => SecurityHandler;

/** A requirement, or a function that makes it of handlers that the container has. */
export type RequirementSource = Requirement | ((handler: FindHandler) => Requirement);

/** What stands in place of the requirement of the chain, with guards of its own. */
export interface OwnRequirement {
  readonly source: RequirementSource;
  readonly guards: readonly GuardLike[];
  readonly isPublic: boolean;
}

/** Guards that are asked as well. `isOfCaller`: they ask who the caller is, so that nobody anonymous passes them. */
interface AddedGuards {
  readonly guards: readonly GuardLike[];
  readonly isOfCaller: boolean;
}

/** What the decorators of one class, or of one method, say. */
interface Level {
  own: OwnRequirement | undefined;
  readonly added: AddedGuards[];
}

/** What a handler of Nest asks of its requests besides the chain, with the decorators of its class and method put together. */
export interface Demands {
  readonly own: OwnRequirement | undefined;
  /** The class that `own` stands at. Undefined where it stands at the method. */
  readonly owner: Class | undefined;
  readonly guards: readonly GuardLike[];
}

export type Class = abstract new (...given: never[]) => object;

/**
 * An own property of each class that has decorators, by names of methods. Names last: another decorator may put a function
 * of its own in the place of a method. The symbol is one for all copies of this package.
 */
const DEMANDS: unique symbol = Symbol.for('@sallyport/adapters/nest/demands');
const OF_CLASS: unique symbol = Symbol.for('@sallyport/adapters/nest/class');

/** Metadata of each function that has decorators, as Nest's routes are: it goes wherever they go with the function. */
const PLACES = '@sallyport/adapters/nest/places';

/** Where a function stands that has decorators, or whose class has some. */
interface Place {
  readonly type: Class;
  readonly key: string | symbol;
}

const METADATA = new Reflector();

type Levels = Map<string | symbol, Level>;
type Decorated = Class & { [DEMANDS]?: Levels };

/** Stands at a class, or at a method of one. */
export type DemandDecorator = ClassDecorator & MethodDecorator;

/** @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where two stand at one place */
export function requirementDecorator(name: string, own: OwnRequirement): DemandDecorator {
  return decorator(name, (level) => {
    if (level.own !== undefined) throw option.invalid(name, 'stands at a place with another @Secured() or @Public()');
    level.own = own;
  });
}

export function guardsDecorator(name: string, guards: readonly GuardLike[], isOfCaller: boolean): DemandDecorator {
  return decorator(name, ({ added }) => void added.unshift({ guards, isOfCaller }));
}

function decorator(name: string, add: (level: Level) => void): DemandDecorator {
  return (target: object, key?: string | symbol, descriptor?: unknown) => {
    if (key === undefined && typeof target === 'function') {
      add(levelAt(target as Decorated, OF_CLASS));
      return keepPlaces(target as Decorated);
    }
    const { value } = (descriptor ?? {}) as PropertyDescriptor;
    if (key === undefined || typeof target === 'function' || typeof value !== 'function')
      throw option.invalid(name, 'stands at a class or at a method of its instances');
    const type = target.constructor as Decorated;
    add(levelAt(type, key));
    keepPlace(value, { type, key });
    // Decorators above this one may still put another function there.
    queueMicrotask(() => keepPlace(methodAt(target, key), { type, key }));
  };
}

/** What a class asks stays behind as well where one of its methods is copied. Nest calls only methods with some decorator. */
function keepPlaces(type: Decorated): void {
  const keep = () => {
    for (const key of Reflect.ownKeys(type.prototype)) {
      const method = methodAt(type.prototype, key);
      if (key !== 'constructor' && isDecoratedMethod(method)) keepPlace(method, { type, key });
    }
  };
  keep();
  queueMicrotask(keep);
}

function isDecoratedMethod(method: unknown): boolean {
  return typeof method === 'function' && Reflect.getMetadataKeys(method).length > 0;
}

function keepPlace(method: unknown, place: Place): void {
  if (typeof method === 'function') SetMetadata(PLACES, [...placesOf(method), place])(method);
}

function placesOf(method: object): readonly Place[] {
  return METADATA.get<readonly Place[] | undefined>(PLACES, method as Type) ?? [];
}

function levelAt(type: Decorated, key: string | symbol): Level {
  if (!Object.hasOwn(type, DEMANDS)) Object.defineProperty(type, DEMANDS, { value: new Map() });
  const levels = type[DEMANDS] as Levels;
  const level = levels.get(key) ?? { own: undefined, added: [] };
  levels.set(key, level);
  return level;
}

/**
 * The nearest @Secured() or @Public() holds: that of the method, then that of its class, then those of inherited classes.
 * All other guards add up, but at a public method nobody is asked who the caller is. Without a method: what the class asks.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID for decorators that contradict each other, and for a method
 *   whose decorators cannot be found
 */
export function demandsOf(type: Class, method?: object): Demands {
  const classes = inheritance(type);
  const levels = [method && ofMethod(classes, method), ...classes.map((each) => ownLevels(each)?.get(OF_CLASS))];
  const at = levels.findIndex((level) => level?.own !== undefined);
  const own = levels[at]?.own;
  const added = levels.map((level, index) => addedAt(level, own?.isPublic === true, index <= at));
  return { own, owner: classes[at - 1], guards: [...(own?.guards ?? []), ...added.toReversed().flat()] };
}

/**
 * Nest takes instances for those of the class that their prototype names.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID where decorators of the class stand at none that Nest sees
 */
export function checkConstructor(type: Class): void {
  const seen = levelsOf(type.prototype.constructor);
  if (levelsOf(type).some((levels) => !seen.includes(levels)))
    throw option.invalid(type.name, 'has the constructor of another class in its prototype: copy methods without it');
}

/** Whether decorators of ours stand at a class, or at one of its methods, or at another method with the same function. */
export function isDecorated(type: Class, methods: readonly object[]): boolean {
  return levelsOf(type).length > 0 || methods.some((method) => placesOf(method).length > 0);
}

/** The names of methods that have decorators which ask for something. */
export function askingMethods(type: Class): readonly (string | symbol)[] {
  const levels = levelsOf(type).flatMap((each) => [...each]);
  return levels.flatMap(([key, { own, added }]) =>
    key !== OF_CLASS && (own?.isPublic === false || added.length > 0) ? key : [],
  );
}

function addedAt(level: Level | undefined, isPublic: boolean, isNear: boolean): readonly GuardLike[] {
  const added = level?.added ?? [];
  if (isPublic && isNear && added.some(({ isOfCaller }) => isOfCaller))
    throw option.invalid('@Public()', 'has scopes or roles beside or below it; say by @Secured() who may have them');
  const asked = isPublic ? added.filter(({ isOfCaller }) => !isOfCaller) : added;
  return asked.flatMap(({ guards }) => guards);
}

function inheritance(type: unknown): readonly Decorated[] {
  const classes: Decorated[] = [];
  let each = type;
  while (typeof each === 'function' && each !== Function.prototype) {
    classes.push(each as Decorated);
    each = Object.getPrototypeOf(each);
  }
  return classes;
}

function ownLevels(type: Decorated): Levels | undefined {
  return Object.hasOwn(type, DEMANDS) ? type[DEMANDS] : undefined;
}

function levelsOf(type: unknown): readonly Levels[] {
  return inheritance(type).flatMap((each) => ownLevels(each) ?? []);
}

function ofMethod(classes: readonly Decorated[], method: object): Level | undefined {
  const type = classes.find((each) => keysOf(each, method).length > 0);
  const keys = type === undefined ? [] : keysOf(type, method);
  const levels = type && ownLevels(type);
  const found = keys.flatMap((key) => levels?.get(key) ?? []);
  const isCopied = placesOf(method).some((place) => place.type !== type || !keys.includes(place.key));
  if (isCopied || found.length > 1)
    throw option.invalid(
      `${classes[0]?.name}.${String(keys[0])}()`,
      'runs a function that has its decorators at another method; extend that class, or write a method with decorators',
    );
  const isLost = classes.some((each) => [...(ownLevels(each)?.keys() ?? [])].some((key) => key !== OF_CLASS));
  if (type === undefined && isLost)
    throw option.invalid(
      classes[0]?.name ?? 'a class',
      'runs a function whose decorators cannot be found: it is no method',
    );
  return found[0];
}

function keysOf(type: Decorated, method: object): readonly (string | symbol)[] {
  return Reflect.ownKeys(type.prototype ?? {}).filter((key) => isMade(method, methodAt(type.prototype, key)));
}

function methodAt(prototype: object, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.value;
}

/** Whether a function is the method, or one around it that inherits what decorators left on the method. */
function isMade(given: object, method: unknown): boolean {
  if (typeof method !== 'function') return false;
  for (let each: object | null = given; each !== null; each = Object.getPrototypeOf(each))
    if (each === method) return true;
  return false;
}
