import type { NextFunction, Request, Response } from 'express';
import { look } from './look.js';

/** What `use` or a route has put into a router of Express 4 or 5. */
export interface Layer {
  readonly handle: (...given: never[]) => unknown;
  readonly route?: Route;
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
}

export interface Route {
  readonly stack: readonly Layer[];
}

/** Runs a request through the handler of a layer. */
export type RunLayer = (this: Layer, request: Request, response: Response, next: NextFunction) => void;

/** The used part of an application: its router is `_router` in Express 4 and `router` in Express 5. */
interface Application {
  readonly parent?: Application;
  readonly _router?: Route;
  readonly router?: Route;
}

/** The layers of the application that a request runs in, or of the outermost one around it. */
export function layersOf(request: Request, isOutermost = false): readonly Layer[] {
  let application = look(request, 'app') as unknown as Application;
  while (isOutermost && application.parent !== undefined) application = application.parent;
  return (application._router ?? application.router)?.stack ?? [];
}

/** Whether nothing of the path is cut off for this layer. */
export function isForAllPaths({ slash, regexp, route }: Layer): boolean {
  return route !== undefined || slash === true || regexp?.fast_slash === true;
}
