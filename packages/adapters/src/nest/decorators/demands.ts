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
  readonly guards: readonly GuardLike[];
}

type Class = abstract new (...given: never[]) => object;

/**
 * An own property of each class that has decorators, by names of methods. Names last: another decorator may put a function
 * of its own in the place of a method. The symbol is one for all copies of this package.
 */
const DEMANDS: unique symbol = Symbol.for('@sallyport/adapters/nest/demands');
const OF_CLASS: unique symbol = Symbol.for('@sallyport/adapters/nest/class');

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
    if (key === undefined && typeof target === 'function') return add(levelAt(target as Decorated, OF_CLASS));
    const { value } = (descriptor ?? {}) as PropertyDescriptor;
    if (key === undefined || typeof target === 'function' || typeof value !== 'function')
      throw option.invalid(name, 'stands at a class or at a method of its instances');
    add(levelAt(target.constructor as Decorated, key));
  };
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
  return { own, guards: [...(own?.guards ?? []), ...added.toReversed().flat()] };
}

/** The names of methods that have decorators which ask for something. */
export function askingMethods(type: Class): readonly (string | symbol)[] {
  const levels = inheritance(type).flatMap((each) => [...(ownLevels(each) ?? [])]);
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

function inheritance(type: Class): readonly Decorated[] {
  const classes: Decorated[] = [];
  let each: unknown = type;
  while (typeof each === 'function' && each !== Function.prototype) {
    classes.push(each as Decorated);
    each = Object.getPrototypeOf(each);
  }
  return classes;
}

function ownLevels(type: Decorated): Levels | undefined {
  return Object.hasOwn(type, DEMANDS) ? type[DEMANDS] : undefined;
}

function ofMethod(classes: readonly Decorated[], method: object): Level | undefined {
  for (const type of classes) {
    const key = Reflect.ownKeys(type.prototype ?? {}).find((each) => isMade(method, methodAt(type, each)));
    if (key !== undefined) return ownLevels(type)?.get(key);
  }
  if (classes.some((type) => [...(ownLevels(type)?.keys() ?? [])].some((key) => key !== OF_CLASS)))
    throw option.invalid(
      classes[0]?.name ?? 'a class',
      'runs a function whose decorators cannot be found: it is no method',
    );
  return undefined;
}

function methodAt(type: Decorated, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(type.prototype, key)?.value;
}

/** Whether a function is the method, or one around it that inherits what decorators left on the method. */
function isMade(given: object, method: unknown): boolean {
  if (typeof method !== 'function') return false;
  for (let each: object | null = given; each !== null; each = Object.getPrototypeOf(each))
    if (each === method) return true;
  return false;
}
