import { type Mount, rememberMount } from './mounts.js';

type Wrap = (...given: unknown[]) => object;

/** `mount('/admin', application)` of koa-mount. Without a path it is the same as what is mounted. */
export function watchKoaMount(mount: unknown): unknown {
  return watched(mount, ([path, target]) =>
    typeof path === 'string' ? { path, target } : { path: '/', target: path },
  );
}

/** `compose([first, second])` of koa-compose. */
export function watchKoaCompose(compose: unknown): unknown {
  return watched(compose, ([target]) => ({ path: '/', target }));
}

function watched(exported: unknown, mountFrom: (given: unknown[]) => Mount): unknown {
  if (typeof exported !== 'function') return exported;
  const wrap = exported as Wrap;
  const watching = (...given: unknown[]): object => {
    const made = wrap(...given);
    const mount = mountFrom(given);
    // `mount('/', middleware)` gives the middleware back.
    if (made !== mount.target) rememberMount(made, mount);
    return made;
  };
  return Object.assign(watching, wrap);
}
