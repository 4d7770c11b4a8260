import { operationsOf } from '../contract/named-operations.js';
import type { ScopeMode } from '../contract/security.js';
import { basePathsOf, withoutTrailingSlash } from '../contract/servers.js';
import {
  type OpenApiDocument,
  type OperationObject,
  type PathItem,
  type SecurityRequirementObject,
  type SecurityView,
  type Server,
} from '../document/document.js';
import { targetOf } from '../document/references.js';

export interface PathSettings {
  /** Where clients reach the API; none leaves servers as they are. */
  readonly origins: readonly string[];
  /** These stand for the paths of all servers. */
  readonly basePath: readonly string[] | undefined;
  readonly scopes: ScopeMode;
}

/** The paths of a definition, each operation with the security that is enforced. */
export class ServedPaths {
  readonly paths: Readonly<Record<string, PathItem>>;
  /** Every alternative of every operation. */
  readonly enforced: readonly SecurityRequirementObject[];
  readonly #document: OpenApiDocument & SecurityView;
  readonly #settings: PathSettings;

  /** The document is one that compiles. */
  constructor(document: OpenApiDocument, settings: PathSettings) {
    this.#document = document as OpenApiDocument & SecurityView;
    this.#settings = settings;
    const items = Object.entries(this.#document.paths ?? {});
    this.paths = Object.fromEntries(
      items.map(([template, item]) => [template, template.startsWith('/') ? this.#itemOf(item) : item]),
    );
    const operations = Object.values(this.paths).flatMap((item) => operationsOf(item).map(({ object }) => object));
    this.enforced = operations.flatMap(({ security = [] }) => security);
  }

  /** The servers of a document. */
  serversOf({ servers }: { readonly servers?: readonly Server[] }): { readonly servers?: readonly Server[] } {
    const { basePath, origins } = this.#settings;
    if (basePath !== undefined) {
      return {
        servers: at(
          origins,
          basePath.map((path) => ({ url: withoutTrailingSlash(path) || '/' })),
        ),
      };
    }
    if (servers === undefined && origins.length === 0) return {};
    return { servers: at(origins, servers ?? [{ url: '/' }]) };
  }

  #itemOf(item: PathItem): PathItem {
    const whole = this.#writtenHere(item);
    const { additionalOperations = {} } = whole;
    const operations = operationsOf(whole).map(({ method, object }) => {
      const isAdditional = Object.hasOwn(additionalOperations, method);
      return [isAdditional ? method : method.toLowerCase(), this.#operationOf(object)] as const;
    });
    const [additional, fixed] = [true, false].map((wanted) =>
      operations.filter(([method]) => Object.hasOwn(additionalOperations, method) === wanted),
    ) as [typeof operations, typeof operations];
    return {
      ...this.#withServers(whole),
      ...Object.fromEntries(fixed),
      ...(additional.length > 0 && { additionalOperations: Object.fromEntries(additional) }),
    };
  }

  #operationOf(object: OperationObject): OperationObject {
    const security = object.security ?? this.#document.security ?? [];
    return {
      ...this.#withServers(object),
      security: security.flatMap((each) => writtenOut(each, this.#settings.scopes)),
    };
  }

  /** Servers of a path or an operation. */
  #withServers<Holder extends { readonly servers?: readonly Server[] }>(holder: Holder): Holder {
    const { servers, ...others } = holder;
    if (servers === undefined) return holder;
    if (this.#settings.basePath !== undefined) return others as Holder;
    return { ...holder, servers: at(this.#settings.origins, servers) };
  }

  /** Two paths may refer to one, and be open to different people: each gets operations of its own. */
  #writtenHere(item: PathItem): PathItem {
    const { $ref: reference, ...beside } = item;
    if (typeof reference !== 'string') return item;
    const target = this.#writtenHere(targetOf(this.#document, reference) as PathItem);
    return { ...target, ...beside };
  }
}

/** With the paths that are enforced, and what the first server with such a path says of itself. */
function at(origins: readonly string[], servers: readonly Server[]): readonly Server[] {
  if (origins.length === 0) return servers;
  const described = new Map<string, object>();
  for (const server of servers.length === 0 ? [{ url: '/' }] : servers) {
    for (const path of basePathsOf([server])) if (!described.has(path)) described.set(path, descriptionOf(server));
  }
  return origins.flatMap((origin) => [...described].map(([path, others]) => ({ ...others, url: origin + path })));
}

/** What still holds at another address. A name stands for one address (OpenAPI 3.2.0 4.5). */
function descriptionOf(server: Server): object {
  const kept = Object.entries(server).filter(([key]) => key === 'description' || key.startsWith('x-'));
  return Object.fromEntries(kept);
}

/** Where one of several scopes is enough, the alternatives that say so: OpenAPI means all that are listed. */
function writtenOut(object: SecurityRequirementObject, mode: ScopeMode): readonly SecurityRequirementObject[] {
  if (mode === 'all') return [object];
  return Object.entries(object).reduce<readonly SecurityRequirementObject[]>(
    (alternatives, [name, scopes]) =>
      (scopes.length === 0 ? [[]] : scopes.map((scope) => [scope])).flatMap((needed) =>
        alternatives.map((alternative) => ({ ...alternative, [name]: needed })),
      ),
    [{}],
  );
}
