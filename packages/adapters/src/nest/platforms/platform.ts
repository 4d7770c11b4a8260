import type { AdapterOptions } from '../../gate/adapter-options.js';
import type { RouteDemands } from '../../gate/route-demands.js';

/** Options of the adapter of the platform, as they were given: it checks them. */
export type PlatformOptions = AdapterOptions<readonly [request: object, response: object]>;

/** Asks about a request, as middleware does: calls `next` if it is granted, and with an error if something failed. */
export type Ask = (request: object, response: object, next: (error?: Error) => void) => void;

/** What differs between the HTTP servers that Nest runs on. */
export interface Platform {
  /** Makes what guards ask, from within the route that Nest has chosen. */
  secure(demands: RouteDemands): Ask;
  /** Asks about all that comes behind the controllers: what Nest finds no route for, and what modules declare later. */
  standBehind(): void;
}
