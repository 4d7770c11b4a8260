import { shownName } from '@sallyport/core/extend';
import type { Definition, OperationObject, PathEntry, PathItem, Server } from '../document/document.js';
import { isPart, METHODS } from '../document/shape.js';
import { EXTENSION } from '../extension/contract-extension.js';
import type { Faults } from '../places/faults.js';
import { below, type Pointer } from '../places/pointer.js';
import { basePathsOf, withoutTrailingSlash } from './servers.js';

/** An operation of a definition. */
export interface NamedOperation {
  readonly id: string;
  readonly method: string;
  /** One for each base path. */
  readonly templates: readonly string[];
  readonly object: OperationObject;
  /** Where it stands. */
  readonly pointer: Pointer;
  /** The path that it belongs to. */
  readonly path: PathEntry;
}

/** The operations of a definition. Servers that cannot be read are faults, and their operations are left out. */
export function namedOperations(
  { document, paths, faults }: Definition,
  basePaths: readonly string[] | undefined,
): readonly NamedOperation[] {
  const fixed = basePaths && [...new Set(basePaths.map(withoutTrailingSlash))];
  const known = new Map<readonly Server[] | undefined, readonly string[] | undefined>();
  return paths.flatMap((path) =>
    operationsOf(path.item, path.pointer).flatMap(({ method, object, pointer }) => {
      const [servers, place] = serversOf(document, path, object, pointer);
      if (!known.has(servers)) known.set(servers, fixed ?? faults.gather(place, () => basePathsOf(servers)));
      const templates = known.get(servers)?.map((base) => base + path.template);
      if (templates === undefined) return [];
      // Some generators write an empty id.
      return [{ id: object.operationId || `${method} ${templates[0]}`, method, templates, object, pointer, path }];
    }),
  );
}

/**
 * The names of the guards, or of the rate classes, that a definition asks for in `x-sallyport`: for an operation, for a path
 * or for all.
 */
export function namedGuards(
  { document, paths }: Definition,
  member: 'guards' | 'rateClasses' = 'guards',
): readonly string[] {
  const owners = [document, ...paths.flatMap(({ item }) => [item, ...operationsOf(item).map(({ object }) => object)])];
  const names = owners.flatMap((owner) => {
    const extension = Object.hasOwn(owner, EXTENSION)
      ? (owner as Readonly<Record<string, unknown>>)[EXTENSION]
      : undefined;
    const guards = isPart(extension) && Object.hasOwn(extension, member) ? extension[member] : undefined;
    return Array.isArray(guards) ? guards.filter((name) => typeof name === 'string') : [];
  });
  return [...new Set<string>(names)];
}

interface Part {
  readonly method: string;
  readonly object: OperationObject;
  readonly pointer: Pointer;
}

/**
 * The operations of a path item that stands at `pointer`. Since OpenAPI 3.2, a path may have other methods than the fixed
 * ones.
 */
export function operationsOf(item: PathItem, pointer: Pointer = ''): readonly Part[] {
  const fixed = METHODS.flatMap((method) => {
    const object = item[method] as OperationObject | undefined;
    return object === undefined ? [] : [{ method: method.toUpperCase(), object, pointer: below(pointer, method) }];
  });
  const additional = Object.entries(item.additionalOperations ?? {}).map(([method, object]) => {
    return { method, object, pointer: below(pointer, 'additionalOperations', method) };
  });
  return [...fixed, ...additional];
}

/** The servers of an operation, and where they stand. */
function serversOf(
  document: { readonly servers?: readonly Server[] },
  path: { readonly item: PathItem; readonly pointer: Pointer },
  object: OperationObject,
  pointer: Pointer,
): readonly [servers: readonly Server[] | undefined, place: Pointer] {
  if (object.servers !== undefined) return [object.servers, below(pointer, 'servers')];
  if (path.item.servers !== undefined) return [path.item.servers, below(path.pointer, 'servers')];
  return [document.servers, '/servers'];
}

/**
 * Finds duplicate ids, because `open` and events go by them (OpenAPI 3.0.4 4.8.10), and ids in `open` that do not exist.
 */
export function checkNames(operations: readonly NamedOperation[], open: readonly string[], faults: Faults): void {
  const first = new Map<string, Pointer>();
  for (const { id, pointer } of operations) {
    const other = first.get(id);
    if (other === undefined) first.set(id, pointer);
    else faults.add(pointer, `two operations are called ${id}; the other stands at #${other}`);
  }
  const stray = open.filter((id) => !first.has(id));
  for (const id of stray)
    faults.add(undefined, `the option open lists ${shownName(id)}, but no operation is called so`);
}
