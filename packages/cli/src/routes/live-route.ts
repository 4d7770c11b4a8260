/** A path as far as an OpenAPI template can say it. */
export interface PathPattern {
  /** `/pets/{petId}`. Where the pattern is open, the part in front of what no template can say. */
  readonly template: string;
  /** Whether any path may follow: a wildcard, a regular expression, or a part that could not be read. */
  readonly isOpen: boolean;
}

/** How a router compares paths with the paths of its routes. */
export interface Spelling {
  readonly ignoresCase: boolean;
  /** Whether a slash at the end makes no difference. */
  readonly ignoresSlash: boolean;
}

/** One method and path that an application serves. */
export interface LiveRoute extends PathPattern, Spelling {
  /** In upper case, or `ALL`. */
  readonly method: string;
  /** The path as the application has it, for people: `/pets/:petId`. */
  readonly path: string;
  /** Whether the route is a part of the application whose own routes could not be read. */
  readonly isUnread: boolean;
}

/** What an application serves. */
export interface LiveApplication {
  /** `Express`, `Fastify`, `Koa`, `Hono`. */
  readonly framework: string;
  readonly routes: readonly LiveRoute[];
}

/** The method of a route that serves every method. */
export const ALL = 'ALL';
