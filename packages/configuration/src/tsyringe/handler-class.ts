import type { DependencyContainer, InjectionToken } from './container.js';
import { nameOf } from './security-token.js';

type Class = abstract new (...args: never[]) => unknown;

/** A class, and by position what a decorator or the compiler names for the parameters of its constructor. */
interface KnownClass {
  readonly target: Class;
  readonly parameters: readonly unknown[];
  /** Nothing is registered under the class, so the container calls its constructor. */
  readonly isBuilt: boolean;
}

/**
 * The class of a handler and those of its collaborators. The container keeps its own list of parameters to itself, so
 * this reads what decorators and compilers leave with reflect-metadata, whatever the name of the key. A class that is
 * registered under a token of another kind cannot be seen.
 */
export function classesOf(handlerClass: Class, container: DependencyContainer): readonly KnownClass[] {
  const classes = new Map<unknown, KnownClass>();
  const visit = (target: Class, isBuilt: boolean): void => {
    const before = classes.get(target);
    if (before?.isBuilt || before?.isBuilt === isBuilt) return;
    const known = { target, parameters: parametersOf(target), isBuilt };
    classes.set(target, known);
    for (const token of tokensIn([known])) {
      if (typeof token === 'function') visit(token as Class, isBuilt && !container.isRegistered(token, true));
    }
  };
  visit(handlerClass, true);
  return [...classes.values()];
}

/** Says for which parameter the container would pass `undefined` without an error. */
export function gapIn(classes: readonly KnownClass[]): string | undefined {
  const [gap] = classes.filter(({ isBuilt }) => isBuilt).flatMap(gapOf);
  return gap && `${gap}. ${INJECT}`;
}

/**
 * Warns once of each class that may get `undefined`: something else may be registered in its place, or its parameters
 * are unknown here though the container knew them.
 */
export function warnOfDoubts(classes: readonly KnownClass[]): void {
  for (const known of classes) {
    const [doubt] = known.isBuilt ? unknownIn(known) : gapOf(known);
    if (doubt === undefined || warned.has(known.target)) continue;
    warned.add(known.target);
    process.emitWarning(`${doubt}. ${INJECT}`, 'SallyportWarning');
  }
}

const warned = new WeakSet<Class>();

const INJECT = 'Say @inject(token) at every parameter, or compile with emitDecoratorMetadata';

/** Says what probably keeps the container from building these classes. */
export function fixFor(classes: readonly KnownClass[], container: DependencyContainer): string {
  for (const { target, parameters } of classes) {
    const position = parameters.findIndex((each) => NO_COLLABORATORS.has(each));
    if (position !== -1) {
      const place = `parameter ${position} (from 0) of ${target.name} names no class`;
      return `${place}. Import the class as a value, not as a type, or say @inject(token)`;
    }
    if (target.length > 0 && Reflect.getOwnMetadataKeys(target).length === 0) {
      const fix = 'Say @injectable() at the class and @inject(token) at its parameters';
      return `${target.name} has no decorators. ${fix}, and compile with experimentalDecorators`;
    }
  }
  const absent = tokensIn(classes).find((token) => typeof token !== 'function' && !container.isRegistered(token, true));
  if (absent === undefined) return 'the cause says why';
  return `nothing is registered under ${nameOf(absent)}. Register it in the container`;
}

/** What compilers write for the types of interfaces, functions and plain values. */
const NO_COLLABORATORS: ReadonlySet<unknown> = new Set([Function, Object, String, Number, Boolean, Array, Promise]);

/** The tokens of all parameters, classes included. */
function tokensIn(classes: readonly KnownClass[]): readonly InjectionToken[] {
  const named = classes.flatMap(({ parameters }) => parameters.flatMap(namesIn));
  return named.filter((each): each is InjectionToken => ['symbol', 'string', 'function'].includes(typeof each));
}

function parametersOf(target: Class): readonly unknown[] {
  const parameters: unknown[] = [...(Reflect.getMetadata('design:paramtypes', target) ?? [])];
  for (const key of Reflect.getOwnMetadataKeys(target)) {
    const value: unknown = Reflect.getOwnMetadata(key, target);
    if (isByPosition(value))
      for (const [position, named] of Object.entries(value)) parameters[Number(position)] = named;
  }
  return parameters;
}

function isByPosition(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).every((key) => /^\d+$/.test(key));
}

/** A class or name itself, or those that a decorator keeps beside its settings. */
function namesIn(parameter: unknown): readonly unknown[] {
  return typeof parameter === 'object' && parameter !== null ? Object.values(parameter) : [parameter];
}

function gapOf({ target, parameters }: KnownClass): readonly string[] {
  const position = Array.from({ length: target.length }, (_, index) => index in parameters).indexOf(false);
  if (position === -1 || parameters.length === 0) return [];
  return [`parameter ${position} (from 0) of the constructor of ${target.name} would be undefined: nothing names it`];
}

function unknownIn({ target, parameters }: KnownClass): readonly string[] {
  if (target.length === 0 || parameters.length > 0) return [];
  return [`the constructor of ${target.name} has parameters, and nothing names them`];
}
