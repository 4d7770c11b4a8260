/** What was mounted, and at which path. Frameworks keep neither: they wrap the one and compile the other. */
export interface Mount {
  readonly path: unknown;
  /** An application, a router, a middleware, or a list of them. */
  readonly target: unknown;
}

const mounts = new WeakMap<object, Mount>();

/** Remembers what `key` stands for: a layer of Express, or a middleware of Koa. */
export function rememberMount(key: object, mount: Mount): void {
  mounts.set(key, mount);
}

export function mountOf(key: object): Mount | undefined {
  return mounts.get(key);
}
